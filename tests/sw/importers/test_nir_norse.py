"""NIR graphs that Norse writes, against Norse's own forward pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sterna.golden.spiking import GoldenNetwork
from sterna.importers.nir import read_nir
from sterna.importers.nir_options import NirChoices
from sterna.models.spiking import RealNetwork
from sterna.models.spiking_codes import input_codes
from sterna.models.spiking_quantise import quantise

from tests.sw.importers.norse_graphs import INPUTS, STEP, forward, frames, module_of, write


def golden(network: RealNetwork, rows: np.ndarray) -> np.ndarray:
    """What the integers give, in the formats that the commands choose."""
    integers = quantise(network)
    return GoldenNetwork(integers).run(input_codes(integers, rows))[network.output]


@pytest.mark.parametrize("kinds", [
    ("LIFBox",), ("LIF",), ("IAF",), ("LIFBox", "LIF", "IAF"), ("LIF", "LIFBox"),
])
def test_a_graph_written_by_norse_fires_as_its_module(
    kinds: tuple[str, ...], tmp_path: Path
) -> None:
    """Export, file, import with the defaults: the same spikes, in real numbers and in integers."""
    module, path = module_of(*kinds), tmp_path / "net.nir"
    write(module, path)
    network, told = read_nir(path)
    assert told.line.startswith(
        "written by norse (by its forms): dt 1e-06 s, reset hard, current jump")
    expected = forward(module, frames())
    assert 0.1 < expected.mean() < 0.9
    assert np.array_equal(network.run(frames())[network.output], expected)
    assert np.array_equal(golden(network, frames()), expected)


def test_a_leak_target_and_a_read_out(tmp_path: Path) -> None:
    """Neurons begin at rest; the membrane of the read-out differs by its rounding."""
    module, path = module_of("LIFBox", "LIF", rest=0.25), tmp_path / "net.nir"
    write(module, path)
    network, _ = read_nir(path)
    expected = forward(module, frames())
    assert np.array_equal(network.run(frames())[network.output], expected)
    assert np.array_equal(golden(network, frames()), expected)

    module = module_of("LIF", "LIBox")
    write(module, path)
    network, _ = read_nir(path)
    expected = forward(module, frames())
    assert np.abs(network.run(frames())[network.output] - expected).max() < 1e-9
    assert np.abs(golden(network, frames()) / 2.0**16 - expected).max() < 2.0**-10


def test_other_ways_to_export(tmp_path: Path) -> None:
    """A sample with a batch, and time constants in seconds, which the options then tell."""
    module, path = module_of("LIFBox", "LIF"), tmp_path / "net.nir"
    expected = forward(module, frames(200))
    write(module, path, (1, INPUTS))
    network, _ = read_nir(path)
    assert np.array_equal(network.run(frames(200))[network.output], expected)
    write(module, path, dt=1.0)
    network, told = read_nir(path, NirChoices("norse", STEP))
    assert told.line.startswith("written by norse: dt 0.001 s")
    assert np.array_equal(network.run(frames(200))[network.output], expected)

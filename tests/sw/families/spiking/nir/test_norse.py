"""NIR graphs that Norse writes, against Norse's own forward pass."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sterna.families.spiking.codes import input_codes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.network import RealNetwork
from sterna.families.spiking.nir.graph import read_nir
from sterna.families.spiking.nir.options import NirChoices
from sterna.families.spiking.quantise import quantise

from tests.sw.families.spiking.nir.norse_graphs import (
    INPUTS,
    STEP,
    export,
    forward,
    frames,
    module_of,
    nir,
    norse,
    write,
)


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


@pytest.mark.parametrize("kind", ["LIFBox", "LIF", "IAF", "stack"])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_random_networks(kind: str, precision: torch.dtype, tmp_path: Path) -> None:
    """Continuous weights and time constants, as training leaves them: spike for spike."""
    generator = torch.Generator().manual_seed(7)

    def cell(name: str, neurons: int) -> Any:
        def spread(low: float, high: float) -> torch.Tensor:
            return low + (high - low) * torch.rand(neurons, generator=generator)

        common = {"v_th": spread(0.4, 0.8), "v_leak": torch.zeros(neurons)}
        if name == "LIFBox":
            return norse.LIFBoxCell(
                norse.LIFBoxParameters(tau_mem_inv=spread(100, 400), **common))
        if name == "LIF":
            return norse.LIFCell(norse.LIFParameters(
                tau_mem_inv=spread(100, 400), tau_syn_inv=spread(200, 500), **common))
        return norse.IAFCell(norse.IAFParameters(v_th=spread(0.8, 1.5)))

    kinds = ("LIF", "IAF", "LIFBox", "LIF") if kind == "stack" else (kind,)
    layers: list[Any] = []
    before = INPUTS
    for name in kinds:
        layers += [torch.nn.Linear(before, 9), cell(name, 9)]
        with torch.no_grad():
            layers[-2].weight.normal_(0.3, 0.5, generator=generator)
        before = 9
    module, path = norse.SequentialState(*layers).to(precision), tmp_path / "net.nir"
    rows = frames(300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sample = torch.zeros(1, INPUTS, dtype=precision)
        nir.write(path, export.to_nir(module, sample))
    network, told = read_nir(path)
    assert told.line.startswith("written by norse (by its forms): ")
    outputs, state = [], None
    with torch.no_grad():
        for row in rows:
            value, state = module(torch.from_numpy(row).to(precision), state)
            outputs.append(value.numpy())
    expected = np.stack(outputs)
    assert expected.sum() > 100
    assert np.array_equal(network.run(rows)[network.output], expected)

"""Every reset of snnTorch, of every neuron it exports, through options of the import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.families.spiking.nir.graph import read_nir
from sterna.families.spiking.nir.options import NirChoices

from tests.sw.families.spiking.nir.snntorch_graphs import snntorch, write

STEPS, INPUTS, NEURONS = 300, 6, 9


def neuron(kind: str, mechanism: str, delay: bool, seed: int, last: bool = False) -> Any:
    """A layer with random decays and thresholds of its own for every neuron."""
    generator = torch.Generator().manual_seed(seed)

    def spread(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(NEURONS, generator=generator)

    values: dict[str, Any] = {
        "beta": spread(0.5, 0.95), "threshold": spread(0.8, 1.4), "init_hidden": True,
        "output": last, "reset_mechanism": mechanism, "reset_delay": delay,
    }
    if "Synaptic" in kind:
        values["alpha"] = spread(0.3, 0.8)
    if kind.startswith("R"):
        values["linear_features"] = NEURONS
    return getattr(snntorch, kind)(**values)


def outputs(module: Any, frames: np.ndarray) -> np.ndarray:
    for layer in module:
        if hasattr(layer, "reset_mem"):
            layer.reset_mem()
    with torch.no_grad():
        rows = [module(torch.from_numpy(row).float())[0].numpy() for row in frames]
    return np.stack(rows)


def random_frames() -> np.ndarray:
    return (np.random.default_rng(0).random((STEPS, 1, INPUTS)) < 0.4).astype(float)


# RSynaptic of snnTorch 1.0.0 with reset_delay=False raises TypeError in its first step.
@pytest.mark.parametrize(("kind", "delay"), [
    ("Leaky", True), ("Synaptic", True), ("RLeaky", True), ("RSynaptic", True),
    ("Leaky", False), ("Synaptic", False), ("RLeaky", False),
])
@pytest.mark.parametrize("mechanism", ["subtract", "zero", "none"])
def test_a_reset_is_reached(kind: str, mechanism: str, delay: bool, tmp_path: Path) -> None:
    """Spike for spike; and the same file read with the default is another network, unless it is."""
    torch.manual_seed(3)
    module = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, NEURONS), neuron(kind, mechanism, delay, 1, last=True))
    write(module, tmp_path / "net.nir")
    expected = outputs(module, random_frames())
    assert 50 < expected.sum() < expected.size
    word = mechanism if delay or mechanism == "none" else f"{mechanism}_now"
    network, told = read_nir(tmp_path / "net.nir", NirChoices(resets=(word,)))
    assert told.line.startswith("written by snntorch (by its forms): ")
    assert not told.recognition.readings
    assert np.array_equal(network.run(random_frames())[network.output], expected)
    plain, told = read_nir(tmp_path / "net.nir")
    same = np.array_equal(plain.run(random_frames())[plain.output], expected)
    # A subtraction in the step of the spike has not yet decayed when the next step comes.
    assert same == (word == "subtract")
    assert "--reset zero, none, subtract_now or zero_now" in told.notes[-1]


def test_a_reset_for_each_population(tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, NEURONS), neuron("Leaky", "zero", False, 1),
        torch.nn.Linear(NEURONS, NEURONS), neuron("RSynaptic", "zero", True, 2),
        torch.nn.Linear(NEURONS, NEURONS), neuron("Leaky", "none", True, 3, last=True))
    with torch.no_grad():
        module[2].weight.abs_()
        module[4].weight.abs_()
    write(module, tmp_path / "net.nir")
    expected = outputs(module, random_frames())
    resets = ("none", "1=zero_now", "3.lif=zero")
    network, told = read_nir(tmp_path / "net.nir", NirChoices(resets=resets))
    assert "reset none" in told.line and "1: reset hard, 3.lif: reset zero_late" in told.line
    assert np.array_equal(network.run(random_frames())[network.output], expected)
    assert expected.sum() > 50
    with pytest.raises(InputError, match=r"reset of '2': no such neuron node; .* 1, 3\.lif, 5$"):
        read_nir(tmp_path / "net.nir", NirChoices(resets=("2=zero",)))


def test_a_module_in_double_precision_stays_snntorch(tmp_path: Path) -> None:
    """Its neurons then are float64 as SpikingJelly's, but its weights too, and Input has a name."""
    module = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, NEURONS), neuron("Leaky", "subtract", True, 1, True)).double()
    torch.set_default_dtype(torch.float64)
    try:
        write(module, tmp_path / "net.nir")
    finally:
        torch.set_default_dtype(torch.float32)
    _, told = read_nir(tmp_path / "net.nir")
    assert told.line.startswith("written by snntorch (by its forms): ")

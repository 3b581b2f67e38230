"""Neurons of SpikingJelly, driven beside the golden population over 1,000 steps."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from sterna.law.neuron import Decay, NeuronDefinition, Reset
from torch import Tensor

from tests.sw.golden.framework_neurons import (
    FORMATS,
    INPUT_FRACTION,
    NEURONS,
    compare,
    factor,
    parameters,
    random_inputs,
    state,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    neurons: Any = pytest.importorskip("spikingjelly.activation_based.neuron")


def _run(module: Any) -> Any:
    def step(x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            return module(x), module.v

    return step


@pytest.mark.parametrize("reset", [Reset.HARD, Reset.SOFT])
@pytest.mark.parametrize("decay_input", [True, False])
@pytest.mark.parametrize("kind", ["LIFNode", "ParametricLIFNode"])
@pytest.mark.parametrize("seed", [0, 1])
def test_leaky(kind: str, decay_input: bool, reset: Reset, seed: int) -> None:
    """Random time constants whose reciprocal is dyadic; hard reset to a value that is not 0."""
    generator = np.random.default_rng(seed)
    rate = float(generator.integers(8, 56)) / 64
    v_reset = -0.25 if reset is Reset.HARD else None
    arguments: dict[str, Any] = {
        "decay_input": decay_input, "v_threshold": 0.75, "v_reset": v_reset,
    }
    if kind == "LIFNode":
        module = neurons.LIFNode(tau=1 / rate, **arguments)
    else:
        module = neurons.ParametricLIFNode(init_tau=2.0, **arguments).double()
        with torch.no_grad():
            module.w.fill_(float(np.log(rate / (1 - rate))))
    definition = NeuronDefinition(
        **FORMATS, decay=Decay.EULER, scale_drive=decay_input, strict=False, reset=reset,
    )
    rest = state(0.0 if v_reset is None else v_reset)
    numbers = parameters(factor=factor(rate), threshold=state(0.75), reset=rest, leak=rest)
    # The membrane of SpikingJelly begins at v_reset, the golden one at 0.
    module(torch.zeros(1, NEURONS, dtype=torch.float64))
    module.v = torch.zeros(1, NEURONS, dtype=torch.float64)
    spikes = compare(definition, numbers, random_inputs(generator, 0.4), _run(module))
    assert spikes > 100


@pytest.mark.parametrize("reset", [Reset.HARD, Reset.SOFT])
def test_integrate_and_fire(reset: Reset) -> None:
    """Nothing rounds: membranes meet the threshold exactly, and spike."""
    generator = np.random.default_rng(2)
    module = neurons.IFNode(v_threshold=1.0, v_reset=0.0 if reset is Reset.HARD else None)
    sums = generator.integers(-1, 3, (1000, NEURONS)) << (INPUT_FRACTION - 2)
    definition = NeuronDefinition(**FORMATS, decay=Decay.NONE, strict=False, reset=reset)
    spikes = compare(definition, parameters(threshold=state(1.0)), sums, _run(module))
    assert spikes > 100

"""Every neuron type of snnTorch, driven beside the golden population over 1,000 steps."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from sterna.law.neuron import Current, Decay, NeuronDefinition, Reset
from torch import Tensor

from tests.sw.golden.framework_neurons import (
    FORMATS,
    INPUT_FRACTION,
    NEURONS,
    compare,
    factor,
    grid,
    parameters,
    random_inputs,
    state,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    snntorch: Any = pytest.importorskip("snntorch")

ZERO = {"Leaky": Reset.ZERO_LATE}
RESETS = ("subtract", "zero", "none")


def _reset(kind: str, mechanism: str) -> Reset:
    if mechanism == "zero":
        return ZERO.get(kind, Reset.CLEAR_LATE)
    return Reset.SOFT_LATE if mechanism == "subtract" else Reset.NO_RESET


def _run(module: Any, states: int) -> Any:
    kept: list[Tensor] = [torch.zeros(1, NEURONS, dtype=torch.float64) for _ in range(states)]

    def step(x: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal kept
        with torch.no_grad():
            output = module(x, *kept)
        # The recurrent types take their own spikes, which come as float32.
        kept = [value.double() for value in output[len(output) - states :]]
        return output[0], output[-1]

    return step


@pytest.mark.parametrize("mechanism", RESETS)
@pytest.mark.parametrize("kind", ["Leaky", "Synaptic", "Alpha", "RLeaky", "RSynaptic"])
@pytest.mark.parametrize("seed", [0, 1])
def test_same_spikes(kind: str, mechanism: str, seed: int) -> None:
    """Random decays, thresholds, inputs and recurrent weights."""
    generator = np.random.default_rng(seed)
    beta, theta = grid(generator, 0.3, 0.9), grid(generator, 0.5, 2.0)
    alpha = grid(generator, 0.91, 0.98) if kind == "Alpha" else grid(generator, 0.2, 0.8)
    arguments: dict[str, Any] = {
        "beta": torch.from_numpy(beta), "threshold": torch.from_numpy(theta),
        "reset_mechanism": mechanism,
    }
    current, extra = Current.NONE, {"factor": factor(beta)}
    if kind in ("Synaptic", "RSynaptic", "Alpha"):
        arguments["alpha"] = torch.from_numpy(alpha)
        current, extra = Current.NEW, extra | {"current_factor": factor(alpha)}
    if kind == "Alpha":
        current = Current.ALPHA
        tau = np.log(alpha) / (np.log(beta) - np.log(alpha)) + 1
        extra |= {"factor": factor(tau), "adaptation_factor": factor(beta)}
    recurrent = None
    if kind.startswith("R"):
        arguments["linear_features"] = NEURONS
    module = getattr(snntorch, kind)(**arguments)
    if kind.startswith("R"):
        recurrent = generator.integers(-60, 60, (NEURONS, NEURONS))
        module.recurrent = torch.nn.Linear(NEURONS, NEURONS, bias=False, dtype=torch.float64)
        weight = torch.from_numpy(recurrent / 2.0**INPUT_FRACTION)
        module.recurrent.weight = torch.nn.Parameter(weight)
    definition = NeuronDefinition(
        **FORMATS, current=current, decay=Decay.MULTIPLY, strict=True,
        reset=_reset(kind, mechanism),
    )
    states = {"Leaky": 1, "Synaptic": 2, "Alpha": 3, "RLeaky": 2, "RSynaptic": 3}[kind]
    spikes = compare(
        definition, parameters(threshold=state(theta), **extra), random_inputs(generator),
        _run(module, states), recurrent,
    )
    assert spikes > 100


@pytest.mark.parametrize(("mechanism", "reset"), [("subtract", Reset.SOFT_ONCE),
                                                  ("zero", Reset.HARD)])
def test_reset_without_delay(mechanism: str, reset: Reset) -> None:
    """`reset_delay=False`, with inputs that leave the membrane above the threshold."""
    generator = np.random.default_rng(3)
    beta, theta = grid(generator, 0.5, 0.9), grid(generator, 0.5, 1.0)
    module = snntorch.Leaky(
        beta=torch.from_numpy(beta), threshold=torch.from_numpy(theta),
        reset_mechanism=mechanism, reset_delay=False,
    )
    definition = NeuronDefinition(**FORMATS, reset=reset)
    numbers = parameters(threshold=state(theta), factor=factor(beta))
    assert compare(definition, numbers, random_inputs(generator, 0.6), _run(module, 1)) > 1000


@pytest.mark.parametrize("mechanism", RESETS)
def test_ties(mechanism: str) -> None:
    """Without decay nothing rounds: membranes meet the threshold exactly, and do not spike."""
    generator = np.random.default_rng(5)
    module = snntorch.Leaky(beta=1.0, threshold=1.0, reset_mechanism=mechanism)
    sums = generator.integers(-1, 2, (1000, NEURONS)) << (INPUT_FRACTION - 1)
    definition = NeuronDefinition(**FORMATS, reset=_reset("Leaky", mechanism))
    numbers = parameters(threshold=state(1.0), factor=factor(1.0))
    assert compare(definition, numbers, sums, _run(module, 1)) > 100

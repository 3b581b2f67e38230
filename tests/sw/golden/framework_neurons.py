"""Drives a framework's neuron and the golden population with the same input.

Parameters lie on a dyadic grid, so that both sides have exactly the same; the frameworks run in
float64. The golden membrane has 20 fraction bits, so that its rounding error is far below the
distance of any membrane from its threshold; `compare` asserts this margin, and so that agreement
is no accident of a seed. Ties of membrane and threshold are tested where no rounding happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sterna.golden.neuron import GoldenPopulation
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from torch import Tensor

STEPS = 1000
NEURONS = 32
FRACTION = 20
INPUT_FRACTION = 8
FACTOR_FRACTION = 20
FORMATS: dict[str, Any] = {
    "membrane_bits": 32, "current_bits": 32, "adaptation_bits": 32, "sum_bits": 20,
    "factor_bits": 24, "factor_fraction": FACTOR_FRACTION,
}


def state(values: NDArray[np.floating] | float) -> NDArray[np.int64]:
    """Integers of the membrane's binary point."""
    return np.atleast_1d(np.rint(np.asarray(values, np.float64) * 2.0**FRACTION)).astype(np.int64)


def factor(values: NDArray[np.floating] | float) -> NDArray[np.int64]:
    """Integers of a factor."""
    scaled = np.asarray(values, np.float64) * 2.0**FACTOR_FRACTION
    return np.atleast_1d(np.rint(scaled)).astype(np.int64)


def grid(
    generator: np.random.Generator, low: float, high: float, fraction: int = 12
) -> NDArray[np.float64]:
    """Random dyadic values, one a neuron."""
    return np.rint(generator.uniform(low, high, NEURONS) * 2.0**fraction) / 2.0**fraction


def random_inputs(generator: np.random.Generator, mean: float = 0.15) -> NDArray[np.int64]:
    """Input sums int64 [steps, neurons] of `INPUT_FRACTION` fraction bits."""
    values = generator.normal(mean, 0.5, (STEPS, NEURONS)) * 2.0**INPUT_FRACTION
    return np.rint(values).astype(np.int64)


def parameters(**values: NDArray[np.int64]) -> NeuronParameters:
    """Parameters whose gain lifts the inputs to the membrane's binary point."""
    gain = np.array([1 << (FRACTION - INPUT_FRACTION)])
    return NeuronParameters.of(**({"gain": gain} | values))


def compare(
    definition: NeuronDefinition,
    numbers: NeuronParameters,
    sums: NDArray[np.int64],
    framework: Callable[[Tensor], tuple[Tensor, Tensor]],
    recurrent: NDArray[np.int64] | None = None,
) -> int:
    """Assert equal spikes at every step, and membranes that differ by rounding only.

    `framework` maps inputs float64 [1, neurons] to spikes and membrane; `recurrent` are integer
    weights [neurons, neurons] on the spikes of the step before, in units of the sums. Returns the
    number of spikes.
    """
    population = GoldenPopulation(definition, numbers, NEURONS)
    spikes = np.zeros((1, NEURONS), np.int64)
    total, worst = 0, 0.0
    for step in range(STEPS):
        x = torch.from_numpy(sums[step : step + 1] / 2.0**INPUT_FRACTION)
        expected, membrane = framework(x)
        whole = sums[step : step + 1]
        if recurrent is not None:
            whole = whole + spikes @ recurrent.T
        spikes = population.step(whole)
        difference = np.abs(population.state["v"] / 2.0**FRACTION - membrane.numpy()).max()
        worst = max(worst, float(difference))
        wanted = expected.numpy().astype(np.int64)
        assert np.array_equal(spikes, wanted), f"step {step}"
        total += int(spikes.sum())
    assert worst < 1e-4, worst
    return total

"""What integers change of a real spiking network: spikes, read-outs, saturation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.families.spiking.codes import input_codes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.network import RealNetwork, Reals
from sterna.families.spiking.quantise import SpikingFormats
from sterna.law.neuron import Output


@dataclass(frozen=True)
class Difference:
    """How one population's outputs compare: events of the real network, and steps that differ."""

    population: str
    spikes: int
    differ: int
    values: int


@dataclass(frozen=True)
class ReadOut:
    """How the membranes of a population without spikes compare: the largest, and its error."""

    population: str
    largest: float
    error: float


@dataclass(frozen=True)
class Comparison:
    """Populations in order, and neuron steps in which a state is at the limit of its bits."""

    differences: list[Difference]
    read_outs: list[ReadOut]
    saturated: dict[str, int]


def compare(real: RealNetwork, network: SpikingNetwork, inputs: Reals) -> list[Difference]:
    """The populations that spike, on inputs [steps, batch, inputs]."""
    return compare_all(real, network, inputs).differences


def compare_all(
    real: RealNetwork, network: SpikingNetwork, inputs: Reals,
    given: Mapping[str, Reals] | None = None, fraction: int = SpikingFormats.fraction,
) -> Comparison:
    """Everything, on inputs [steps, batch, inputs]; `fraction` bits are those of the membranes.

    Expected are the outputs of the real network, or those `given` from elsewhere, [steps, batch,
    neurons] by population.
    """
    expected = real.run(np.asarray(inputs, np.float64)) | dict(given or {})
    golden = GoldenNetwork(network, inputs.shape[1])
    found = golden.run(input_codes(network, inputs))
    differences, read_outs = held_against(real, found, expected, fraction)
    return Comparison(differences, read_outs, golden.saturated())


def held_against(
    real: RealNetwork, found: Mapping[str, NDArray[np.integer]], expected: Mapping[str, Reals],
    fraction: int,
) -> tuple[list[Difference], list[ReadOut]]:
    """Outputs of integers against expected ones, both [steps, batch, neurons] by population."""
    differences, read_outs = [], []
    for item in real.populations:
        mine, theirs = found[item.name], expected[item.name]
        if item.definition.output is Output.SPIKE:
            differences.append(Difference(
                item.name, int(theirs.sum()), int((theirs != mine).sum()), mine.size))
        else:
            error = np.abs(mine * 2.0**-fraction - theirs).max()
            read_outs.append(ReadOut(item.name, float(np.abs(theirs).max()), float(error)))
    return differences, read_outs

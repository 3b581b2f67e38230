"""Populations that differ in the shift of their gains alone share an engine."""

from __future__ import annotations

import numpy as np
from sterna.compiler.fit import fit_machine
from sterna.families.spiking.gains import MOST_LOST, with_common_shifts
from sterna.families.spiking.integers import Population
from sterna.families.spiking.lowering import lower
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.quantise import quantise
from sterna.law.neuron import NeuronDefinition, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.machine.presets import step_machine
from sterna.program.instructions import INPUT

SOFT, HARD = NeuronDefinition(), NeuronDefinition(reset=Reset.HARD)


def population(name: str, definition: NeuronDefinition, shift: int, *gains: int) -> Population:
    made = NeuronDefinition(reset=definition.reset, gain_shift=shift)
    return Population(name=name, neurons=len(gains), definition=made,
                      parameters=NeuronParameters.of(gain=np.array(gains)))


def test_the_least_shift_that_keeps_gains() -> None:
    """Cut where that is exact or fine; a gain that would lose much keeps its shift, with others."""
    items = [population("a", SOFT, 3, 99_999), population("b", SOFT, 6, 70_001, 90_000),
             population("c", HARD, 7, 1_000), population("d", SOFT, 8, 131_000, 501),
             population("e", SOFT, 9, 1024), population("f", SOFT, 8, 503)]
    made = {item.name: item for item in with_common_shifts(items)}
    assert list(made) == list("abcdef")
    assert [item.definition.gain_shift for item in made.values()] == [3, 3, 7, 8, 3, 8]
    assert made["b"].parameters.gain.tolist() == [8750, 11250]
    assert made["e"].parameters.gain.tolist() == [16] and made["c"] is not items[2]
    assert abs(8750 * 8 - 70_001) <= MOST_LOST * 70_001


def test_layers_of_one_kind_of_neurons_are_one_kind_of_a_machine() -> None:
    """Nine layers, whose weights and thresholds have magnitudes of 1 to 16."""
    rng, sizes = np.random.default_rng(0), [6] * 10
    names = [INPUT, *(f"p{index}" for index in range(9))]
    definition = NeuronDefinition(reset=Reset.HARD, strict=False)
    populations = tuple(RealPopulation(
        name=name, neurons=size, definition=definition,
        values={"threshold": np.array([2.0 ** (index % 5)])})
        for index, (name, size) in enumerate(zip(names[1:], sizes[1:], strict=True)))
    connections = tuple(RealConnection(
        source=source, target=target, weights=rng.uniform(0, 1.5, (6, 6)) * 2.0 ** (index % 5))
        for index, (source, target) in enumerate(zip(names[:-1], names[1:], strict=True)))
    real = RealNetwork(name="nine", inputs=6, populations=populations, connections=connections,
                       output="p8")
    network = quantise(real)
    machine = fit_machine(lower(network), step_machine())
    assert len(machine.neurons.kinds) == 1
    assert len({item.definition.gain_shift for item in network.populations}) == 1

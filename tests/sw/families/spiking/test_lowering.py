"""A network as a program: what its operations take, keep and give."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import SECTION, lower, matrix_name
from sterna.families.spiking.quantise import quantise
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons
from sterna.program.validate import validate_program

from tests.hw.core.spiking_networks import random_network


@pytest.mark.parametrize("name", ["l2mu", "delays", "cubalif"])
def test_examples_mean_something(name: str) -> None:
    network = quantise(EXAMPLES[name]())
    program = lower(network)
    validate_program(program)
    assert program.results == (network.output,) and program.input_length == network.inputs
    assert [item.title for item in program.sections[0].items] == [
        item.name for item in network.populations]


@pytest.mark.parametrize(("seed", "delays"), [(0, 0), (1, 4), (2, 9)])
def test_everything_of_a_network_is_in_its_program(seed: int, delays: int) -> None:
    network = random_network(seed, delays)
    program = lower(network)
    validate_program(program)
    items = {item.title: item for item in program.sections[0].items}
    for connection in network.connections:
        name = matrix_name(network, connection)
        target = items[connection.target]
        assert isinstance(target, Neurons)
        (synapses,) = (each for each in target.synapses if each.matrix == name)
        assert (synapses.codes, synapses.previous) == (connection.source, connection.previous)
        assert np.array_equal(program.parameters.planes(SECTION, 0, name), connection.planes)
        matrix = program.matrix(SECTION, name)
        assert (matrix.planes, matrix.rows, matrix.columns) == connection.planes.shape
        if matrix.delay:
            found = program.parameters.delays(SECTION, 0, name)
            assert np.array_equal(found, connection.delays) and matrix.delay == found.max()
        else:
            assert connection.delays is None or not connection.delays.any()
    for population in network.populations:
        item = items[population.name]
        assert isinstance(item, Neurons)
        assert (item.length, item.definition) == (population.neurons, population.definition)
        assert program.parameters.neurons(SECTION, 0, item.name) is population.parameters
        codes = program.codes.get(population.name)
        assert (codes is not None) == network.is_source(population.name)
        if codes is not None:
            assert codes.history == network.depth(population.name)
    given = program.codes[INPUT]
    assert (given.fraction, given.history) == (network.input_fraction, network.depth(INPUT))

# amaranth: UnusedElaboratable=no
"""Whole spiking networks on accelerators made for them: every value is the golden's.

The like of them run on the one machine in `tests.sim.test_one_machine`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import fit_machine
from sterna.compiler.schedule import schedule
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.lowering import lower
from sterna.golden.executor import GoldenExecutor
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import step_machine
from sterna_sim.verification import Verifier

from tests.hw.core.spiking_networks import random_network
from tests.hw.core.stepped_board import SteppedBoard
from tests.hw.core.window_networks import window_network
from tests.one_machine import ON_SYNAPSES


def verifier_of(network: SpikingNetwork, shape: Machine, **options: Any) -> Verifier:
    program = lower(network)
    machine = fit_machine(program, shape)
    density = options.pop("density", 1.0)
    board: Any = SteppedBoard(machine.having(trace=True), density, 3)
    return Verifier(program, machine, board=board, **options)


def random_codes(network: SpikingNetwork, steps: int) -> np.ndarray:
    rng = np.random.default_rng(network.inputs)
    codes = rng.integers(-127, 128, (steps, network.inputs))
    return codes * (rng.random(codes.shape) < 0.5)


@pytest.mark.slow
def test_several_populations_are_given_out() -> None:
    """Of odd sizes, at whole groups; the output is not the first of them."""
    network = random_network(1)
    beside = tuple(item.name for item in network.populations if item.name != network.output)
    network = replace(network, output=beside[-1], beside=(*beside[:-1], network.output))
    outcome = verifier_of(network, step_machine(synapse_lanes=8, neuron_lanes=4)).verify(
        [random_codes(network, 3)])
    assert outcome.first_difference is None
    values = sum(item.neurons * (3 + len(item.definition.states)) for item in network.populations)
    assert outcome.elements == 3 * values


@pytest.mark.parametrize(
    ("seed", "delays", "lanes", "width", "skip"),
    [pytest.param(*item, marks=pytest.mark.slow)
     for item in ((1, 0, 8, 4, True), (2, 3, 4, 4, True), (4, 5, 2, 1, False))])
def test_a_network_is_the_golden_one(
    seed: int, delays: int, lanes: int, width: int, skip: bool
) -> None:
    """Under pauses of the link, before and after a reset."""
    network = random_network(seed, delays)
    codes = random_codes(network, 6)
    shape = step_machine(synapse_lanes=lanes, neuron_lanes=width)
    verifier = verifier_of(network, shape, skip=skip, density=0.8)
    outcome = verifier.verify([codes[:4], codes[4:]])
    assert outcome.first_difference is None
    assert outcome.elements > 6 * 3 * sum(item.neurons for item in network.populations)
    sources = sum(item.planes.shape[2] for item in network.connections)
    for counters in outcome.runs:
        assert counters.sources == sources
        assert counters.events < sources if skip else counters.events == sources
        machine = fit_machine(lower(network), shape)
        expected = estimate_cycles(schedule(lower(network), machine), machine).cycles
        assert counters.cycles < 1.04 * expected and (skip or counters.cycles > 0.96 * expected)


def test_parameters_of_channels_are_there_once() -> None:
    """Whatever channels and lanes have in common; those of the other populations as ever."""
    network = window_network("few", ON_SYNAPSES)
    shape = step_machine(synapse_lanes=4, neuron_lanes=2)
    neurons = fit_machine(lower(network), shape).neurons
    # Of 60, 24 and 5 neurons; three channels on two lanes.
    assert (neurons.constant_depth, neurons.cycle) == (3 + 12 + 3, 12)
    outcome = verifier_of(network, shape, density=0.8).verify([random_codes(network, 3)])
    assert outcome.first_difference is None


def test_a_difference_is_found_and_named() -> None:
    """The weights of another network."""
    network, other = random_network(1), random_network(1)
    weights = replace(other.connections[0], planes=-other.connections[0].planes)
    other = replace(other, connections=(weights, *other.connections[1:]))
    machine = fit_machine(lower(network), step_machine(synapse_lanes=4, neuron_lanes=2))
    verifier = Verifier(lower(network), machine,
                        board=EmulatedBoard(machine.having(trace=True)))
    verifier._golden = GoldenExecutor(lower(other))
    outcome = verifier.verify([np.full((1, network.inputs), 5)])
    first = outcome.first_difference
    assert outcome.differences and first is not None
    assert (first.token, first.name) == (0, "p0.sum")

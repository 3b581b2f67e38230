"""Windows on machines: words that say where targets are, in lanes of every number."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sterna.compiler.fit import check_fit, fit_machine
from sterna.compiler.windows import WindowWords, axis_hits
from sterna.errors import InputError
from sterna.families.spiking.integers import Connection, Population, SpikingNetwork
from sterna.families.spiking.lowering import SECTION, lower
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.window import Window
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import step_machine
from sterna.program.definition import MatrixFormat, Program
from sterna.program.instructions import INPUT
from sterna.program.validate import validate_program
from sterna_sim.verification import Verifier

from tests.hw.core.window_networks import NETWORKS, window_network
from tests.one_machine import ON_SYNAPSES


def program_of(name: str) -> Program:
    return lower(window_network(name, ON_SYNAPSES))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("lanes", "width"), [(1, 1), (2, 2), (8, 4), (16, 4)])
def test_a_machine_of_so_many_lanes_is_the_golden_one(name: str, lanes: int, width: int) -> None:
    program = program_of(name)
    machine = fit_machine(program, step_machine(synapse_lanes=lanes, neuron_lanes=width))
    verifier = Verifier(program, machine, board=EmulatedBoard(machine.having(trace=True)))
    codes = np.random.default_rng(lanes).integers(-127, 128, (5, program.input_length))
    outcome = verifier.verify([codes * (np.arange(5)[:, None] != 2)])
    assert outcome.differences == 0, outcome.first_difference
    assert Machine.from_dict(json.loads(json.dumps(machine.to_dict()))) == machine


def test_weights_are_there_once() -> None:
    """As many words as a matrix of the kernel has, where positions fill whole words."""
    window = Window(channels=16, height=16, width=16, outputs=16, kernel=(3, 3), target_last=True,
                    padding=(1, 1, 1, 1))
    words = WindowWords(window, 16)
    assert (words.words, words.groups, words.phases) == (16 * 9, 1, 1)
    assert words.weights(np.ones(window.shape, np.int64)).all()
    flat = Window(channels=8, height=8, width=8, pool=(2, 2), kernel=(4, 4), outputs=256)
    assert WindowWords(flat, 16).words == 128 * 256 // 16
    assert WindowWords(replace(window, target_last=False), 16).words == 16 * 16 * 9 * 16


def test_hits_of_an_axis() -> None:
    """Stride 2, dilation 3, a kernel of 3 and a padding of 2: places in steps of 2 meet a row."""
    window = Window(channels=1, height=9, width=1, outputs=1, kernel=(3, 1), stride=(2, 1),
                    dilation=(3, 1), padding=(2, 0, 0, 0))
    assert window.made == (3, 1)
    found = axis_hits(window, 0)
    assert found.count.tolist() == [1, 1, 1, 1, 1, 1, 1, 0, 1]
    assert found.kernel.tolist() == [0, 1, 0, 1, 2, 1, 2, 0, 2]
    assert found.target.tolist() == [1, 0, 2, 1, 0, 2, 1, 0, 2]
    assert (found.kernel_step, found.target_step) == (2, -3)


def test_a_machine_without_windows_has_no_room() -> None:
    program = program_of("few")
    machine = fit_machine(program, step_machine(synapse_lanes=4, neuron_lanes=2))
    assert machine.synapses.window_depth == 46
    with pytest.raises(InputError, match="synapse_window_depth = 0 must be at least 46"):
        check_fit(program, machine.having(synapse_window_depth=0))
    with pytest.raises(InputError, match="lanes = 6 must be a power of two where there are win"):
        fit_machine(program, step_machine(synapse_lanes=6, neuron_lanes=2))


def test_a_program_whose_window_is_of_another_size() -> None:
    program = program_of("few")
    name = next(iter(program.matrices))
    matrix = program.matrix(*name)
    assert name[0] == SECTION and isinstance(matrix, MatrixFormat)
    for wrong in (matrix._replace(rows=7), matrix._replace(delay=1)):
        broken = replace(program, matrices={**program.matrices, name: wrong})
        with pytest.raises(InputError, match="its window makes 60 targets of 50 sources, without"):
            validate_program(broken)


def test_many_sources() -> None:
    """As many as an event camera has: instructions count them in as many bits as they need."""
    window = Window(channels=2, height=128, width=128, outputs=2, kernel=(8, 8), stride=(121, 121))
    planes = np.ones((1, *window.shape), np.int8)
    network = SpikingNetwork(
        name="large", inputs=window.sources, output="p0", populations=(Population(
            name="p0", neurons=2, definition=ON_SYNAPSES[0], parameters=NeuronParameters()),),
        connections=(Connection(source=INPUT, target="p0", planes=planes, window=window),))
    machine = fit_machine(lower(network), step_machine())
    assert dict(machine.synapses.fields(machine))["sources"] == 16
    assert machine.neurons.group_bits == 14

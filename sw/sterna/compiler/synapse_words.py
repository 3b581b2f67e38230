"""Words of synapses and neurons in the exact order of use, as LOAD takes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.kinds import kind_of, words_of
from sterna.compiler.parameter_words import parameter_rows
from sterna.compiler.populations import Joint, joints, populations
from sterna.compiler.products import factors, written_words
from sterna.compiler.windows import WindowWords
from sterna.law.neuron_parameters import FACTORS
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.neurons import NeuronKind
from sterna.machine.words import Words, pack_mixed, word_bytes
from sterna.program.definition import Program


def synapse_words(program: Program, machine: Machine) -> Words:
    """Weights with their taps in the order of the program: by target, source, group."""
    size = word_bytes(machine, Space.SYNAPSES)
    parts = [np.zeros((0, size), np.uint8)]
    parts += [_columns(joint, machine, size) for joint in joints(program)]
    parts.append(np.zeros((written_words(program, machine.synapses.lanes), size), np.uint8))
    return np.concatenate(parts)


def _columns(joint: Joint, machine: Machine, size: int) -> Words:
    lanes, window = machine.synapses.lanes, joint.matrix.window

    def grouped(values: NDArray[np.int64]) -> NDArray[np.int64]:
        if window is not None:
            return WindowWords(window, lanes).weights(values)
        return np.pad(values.T, ((0, 0), (0, -values.shape[0] % lanes))).reshape(-1, lanes)

    fields = [(grouped(joint.weights()), machine.synapses.weight_bits)]
    if machine.synapses.tap_bits:
        fields.append((grouped(joint.taps()), machine.synapses.tap_bits))
    return pack_mixed(fields, size)


def window_words(program: Program, machine: Machine) -> Words:
    """Where the targets of windows are, in the order of the program, then those of products."""
    fields = machine.synapses.window_fields
    tables = [WindowWords(joint.matrix.window, machine.synapses.lanes).table()
              for joint in joints(program) if joint.matrix.window is not None]
    tables += [factor.words(machine.synapses.lanes).table() for factor in factors(program)]
    rows = np.concatenate([np.zeros((0, len(fields)), np.int64), *tables])
    return pack_mixed([(rows[:, place:place + 1], width)
                       for place, (_, width) in enumerate(fields)],
                      word_bytes(machine, Space.WINDOWS))


def neuron_words(program: Program, machine: Machine) -> Words:
    """The varying parameters of the neurons, groups in the order of execution, and once what comes
    again."""
    size, lanes = word_bytes(machine, Space.NEURONS), machine.neurons.lanes
    parts = [np.zeros((0, size), np.uint8)]
    for section in program.sections:
        places = [place for place in populations(program) if place.section is section]
        for repetition in range(section.repeat):
            for place in places:
                kind = machine.neurons.kinds[kind_of(machine, place)]
                if kind.varying:
                    rows = parameter_rows(place, repetition, kind.varying, lanes)
                    beyond = max(0, words_of(machine, place) - len(rows))
                    parts.append(_varying(kind, np.pad(
                        rows, ((0, beyond), (0, 0), (0, 0)))[:words_of(machine, place)], size))
    return np.concatenate(parts)


def _varying(kind: NeuronKind, rows: NDArray[np.int64], size: int) -> Words:
    d = kind.definition
    bits = [d.factor_bits if name in FACTORS else d.membrane_bits for name in kind.varying]
    return pack_mixed([(rows[:, name, lane:lane + 1], width) for lane in range(rows.shape[2])
                       for name, width in enumerate(bits)], size)

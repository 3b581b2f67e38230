"""The kinds of neurons that a machine has for a program, and where their groups and codes are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.parameter_words import period
from sterna.compiler.populations import Population, groups_of, joints, populations
from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import neutral_parameters
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import NeuronKind
from sterna.program.definition import Program
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons

Key = tuple[NeuronDefinition, bool]
"""Populations share an engine if they are of the same definition, and both on words or not."""


@dataclass(frozen=True, kw_only=True)
class Widths:
    """What the neurons of a machine must agree with: lanes, and the bits of their sums.

    ``vector_lanes`` and ``word_bits`` are 0 without a vector unit, ``sum_bits`` without synapses.
    """

    lanes: int
    sum_bits: int = 0
    vector_lanes: int = 0
    word_bits: int = 0

    @classmethod
    def of(cls, machine: Machine) -> Widths:
        """Those of a machine."""
        vector = machine.vector if machine.has_words else None
        return cls(
            lanes=machine.neurons.lanes,
            sum_bits=machine.synapses.accumulator_bits if machine.has("synapse") else 0,
            vector_lanes=vector.lanes if vector else 0,
            word_bits=vector.word_bits if vector else 0)

    def key(self, item: Neurons) -> Key:
        """What decides which kind of neurons a population is of."""
        current = item.current is not None
        bits = self.word_bits if current else self.sum_bits
        return replace(item.definition, sum_bits=bits), current

    def groups(self, item: Neurons) -> int:
        """Groups of a population; what takes words takes whole groups of the vector unit."""
        if item.current is None:
            return groups_of(item.length, self.lanes)
        return groups_of(item.length, self.vector_lanes) * self.vector_lanes // self.lanes


def kind_of(machine: Machine, place: Population) -> int:
    """The number of the kind that a population is of: the first that computes as it does.

    That has its definition, and its numbers where these do not vary, and gives what is wanted of
    it. Raises `InputError` if there is none.
    """
    program, item = place.program, place.item
    key = Widths.of(machine).key(item)
    values = _all_values([place])
    for number, kind in enumerate(machine.neurons.kinds):
        shared = kind.shared()
        if ((kind.definition, kind.current) == key
                and all(name in kind.varying or found.tolist() == [shared[name]]
                        for name, found in values.items())
                and kind.codes >= (item.codes is not None)
                and kind.results >= (item.result in program.results)):
            return number
    raise InputError(f"machine: none of its {len(machine.neurons.kinds)} kinds of neurons is that "
                     f"of {item.name}; make the accelerator for this network")


@dataclass(frozen=True)
class Placed:
    """A source in the code memory: its first word and how many."""

    word: int
    words: int


def place_sources(program: Program, widths: Widths) -> dict[str, Placed]:
    """What synapses read: the input, if that is codes, and the codes of populations."""
    read = {joint.source for joint in joints(program)}
    read |= {given.codes for place in populations(program) for given in place.item.products}
    sizes = {INPUT: groups_of(program.input_length, widths.lanes)} if program.takes_codes else {}
    sizes |= {place.item.codes: widths.groups(place.item) for place in populations(program)
              if place.item.codes in read}
    placed, word = {}, 0
    for name, words in sizes.items():
        placed[name] = Placed(word, words)
        word += words
    return placed


def result_places(program: Program, widths: Widths) -> dict[str, int]:
    """Where in RESULT the outputs of each population that leaves with a RUN begin, in the order of
    execution: at whole groups."""
    places, groups = {}, 0
    for place in populations(program):
        if place.item.result in program.results:
            places[place.item.result] = groups * widths.lanes
            groups += widths.groups(place.item)
    return places


@dataclass(frozen=True)
class KindUse:
    """What a program needs of a kind: groups of neurons, and words of their varying parameters."""

    groups: int = 0
    constants: int = 0


def kinds_used(program: Program, machine: Machine) -> tuple[KindUse, ...]:
    """Of every kind of neurons of the machine. Raises as `kind_of`."""
    widths = Widths.of(machine)
    groups, words = ([0] * len(machine.neurons.kinds) for _ in range(2))
    for place in populations(program):
        number = kind_of(machine, place)
        groups[number] += place.section.repeat * widths.groups(place.item)
        words[number] += place.section.repeat * words_of(machine, place)
    return tuple(KindUse(*found) for found in zip(groups, words, strict=True))


def words_of(machine: Machine, place: Population) -> int:
    """Words of the parameters of a population on the machine, for each repetition."""
    widths, names = Widths.of(machine), machine.neurons.kinds[kind_of(machine, place)].varying
    if not names:
        return 0
    if not machine.neurons.cycle:
        return widths.groups(place.item)
    return period(place, names, widths.lanes)


def parameter_memory(program: Program, widths: Widths, kinds: Iterable[NeuronKind]
                     ) -> dict[str, int]:
    """Words that kinds as `make_kinds` gives keep for a program, and how many come again at most:
    0 where none do."""
    varying = {(kind.definition, kind.current): kind.varying for kind in kinds}
    sequence, again, most = 0, 0, 1
    for place in populations(program):
        if names := varying[widths.key(place.item)]:
            words, repeat = period(place, names, widths.lanes), place.section.repeat
            sequence, again = (sequence + repeat * widths.groups(place.item),
                               again + repeat * words)
            most = max(most, words)
    return {"constant_depth": max(1, again), "cycle": most if again < sequence else 0}


def make_kinds(program: Program, widths: Widths) -> tuple[NeuronKind, ...]:
    """One kind for each definition, in the order of execution."""
    members: dict[Key, list[Population]] = {}
    for place in populations(program):
        members.setdefault(widths.key(place.item), []).append(place)
    kinds = []
    for (definition, current), places in members.items():
        values, neutral = _all_values(places), neutral_parameters()
        kinds.append(NeuronKind(
            definition=definition,
            constants=tuple((name, int(found[0])) for name, found in values.items()
                            if found.size == 1 and found[0] != neutral[name]),
            varying=tuple(name for name, found in values.items() if found.size > 1),
            groups=sum(place.section.repeat * widths.groups(place.item) for place in places),
            codes=any(place.item.codes is not None for place in places),
            results=any(place.item.result in program.results for place in places),
            current=current,
        ))
    return tuple(kinds)


def _all_values(places: Iterable[Population]) -> dict[str, NDArray[np.int64]]:
    """By parameter the numbers that it has in some neuron of the populations."""
    numbers = [dict(place.numbers(repetition).items()) for place in places
               for repetition in range(place.section.repeat)]
    return {name: np.unique(np.concatenate([item[name] for item in numbers]))
            for name in numbers[0]}

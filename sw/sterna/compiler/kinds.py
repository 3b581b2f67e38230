"""The kinds of neurons that a machine has for a program, and how their groups are counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.populations import Population, groups_of, populations
from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import NeuronKind
from sterna.program.definition import Program
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


def kind_of(machine: Machine, item: Neurons) -> int:
    """The number of the kind that a population is of. Raises `InputError` if there is none."""
    definition, current = Widths.of(machine).key(item)
    keys = [(kind.definition, kind.current) for kind in machine.neurons.kinds]
    if (definition, current) not in keys:
        raise InputError(f"machine: none of its {len(keys)} kinds of neurons is that of "
                         f"{item.name}; make the accelerator for this network")
    return keys.index((definition, current))


def make_kinds(program: Program, widths: Widths) -> tuple[NeuronKind, ...]:
    """One kind for each definition, in the order of execution."""
    members: dict[Key, list[Population]] = {}
    for place in populations(program):
        members.setdefault(widths.key(place.item), []).append(place)
    kinds = []
    for (definition, current), places in members.items():
        numbers = [place.numbers(repetition) for place in places
                   for repetition in range(place.section.repeat)]
        kinds.append(NeuronKind(
            definition=definition,
            constants=_constants(numbers),
            varying=_varying(numbers),
            groups=sum(place.section.repeat * widths.groups(place.item) for place in places),
            codes=any(place.item.codes is not None for place in places),
            results=any(place.item.result in program.results for place in places),
            current=current,
        ))
    return tuple(kinds)


def _values(numbers: Iterable[NeuronParameters], name: str) -> NDArray[np.int64]:
    return np.unique(np.concatenate([getattr(item, name) for item in numbers]))


def _constants(numbers: list[NeuronParameters]) -> tuple[tuple[str, int], ...]:
    neutral = dict(NeuronParameters().items())
    return tuple(
        (name, int(values[0]))
        for name, values in ((name, _values(numbers, name)) for name in neutral)
        if values.size == 1 and values[0] != neutral[name][0]
    )


def _varying(numbers: list[NeuronParameters]) -> tuple[str, ...]:
    return tuple(name for name, _ in NeuronParameters().items()
                 if _values(numbers, name).size > 1)

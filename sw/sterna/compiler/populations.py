"""The populations of a program in their order, and which RUN each of their synapses reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.windows import WindowWords
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import reach, signed_bits, whole_weights
from sterna.program.definition import MatrixFormat, Program
from sterna.program.instructions import INPUT, Section
from sterna.program.neurons import Neurons, Synapses, code_limit


def groups_of(items: int, lanes: int) -> int:
    """Groups of ``lanes`` that hold the items."""
    return -(-items // lanes)


@dataclass(frozen=True)
class Population:
    """A population in its section."""

    program: Program
    section: Section
    item: Neurons

    def numbers(self, repetition: int) -> NeuronParameters:
        """Its parameters in a repetition of the section."""
        return self.program.parameters.neurons(self.section.name, repetition, self.item.name)

    def joints(self) -> tuple[Joint, ...]:
        """The synapses that lead to it, in order."""
        return tuple(Joint(self, synapses) for synapses in self.item.synapses)


def populations(program: Program) -> tuple[Population, ...]:
    """All of them, once each, in the order of execution."""
    return tuple(Population(program, section, item) for section in program.sections
                 for item in section.items if isinstance(item, Neurons))


@dataclass(frozen=True)
class Joint:
    """Synapses with the population that they lead to."""

    target: Population
    synapses: Synapses

    @property
    def source(self) -> str:
        """Name of the codes."""
        return self.synapses.codes

    @property
    def matrix(self) -> MatrixFormat:
        """Size, planes and longest delay."""
        return self.target.program.matrix(self.target.section.name, self.synapses.matrix)

    def weights(self) -> NDArray[np.int64]:
        """Weights [targets, sources], or those of a window."""
        parameters = self.target.program.parameters
        return whole_weights(
            parameters.planes(self.target.section.name, 0, self.synapses.matrix))

    def magnitudes(self) -> NDArray[np.int64]:
        """A row for each target; the sum of its magnitudes is what codes of 1 can make of it."""
        window = self.matrix.window
        return self.weights() if window is None else window.magnitudes(self.weights())

    def words(self, lanes: int) -> int:
        """Weight words of so many lanes."""
        if self.matrix.window is not None:
            return WindowWords(self.matrix.window, lanes).words
        return self.matrix.columns * groups_of(self.matrix.rows, lanes)

    @property
    def table_words(self) -> int:
        """Words of `Synapses.window_fields` that it takes."""
        window = self.matrix.window
        return 0 if window is None else WindowWords(window, 1).table_words

    def taps(self) -> NDArray[np.int64]:
        """Which kept code each synapse, as in `weights`, reads; 0 is the newest.

        A population that is executed no earlier than its target has not got its new codes yet: its
        newest are those of the RUN before.
        """
        program = self.target.program
        members = [place.item for place in populations(program)]
        order = {item.codes: index for index, item in enumerate(members)}
        late = order.get(self.source, -1) >= members.index(self.target.item)
        offset = int(self.synapses.previous) - int(late)
        if not self.matrix.delay:
            window, shape = self.matrix.window, (self.matrix.rows, self.matrix.columns)
            return np.full(shape if window is None else window.shape, offset, np.int64)
        delays = program.parameters.delays(self.target.section.name, 0, self.synapses.matrix)
        return delays.astype(np.int64) + offset


def joints(program: Program) -> Iterator[Joint]:
    """All synapses in the order of execution."""
    for place in populations(program):
        yield from place.joints()


def taps_needed(program: Program) -> int:
    """Codes of each source that must be kept."""
    return 1 + max((int(joint.taps().max(initial=0)) for joint in joints(program)), default=0)


def code_bits_needed(program: Program) -> int:
    """The least width of codes: that of populations which others read; real inputs need all."""
    limits = [code_limit(place.item.definition) for place in populations(program)
              if place.item.codes is not None]
    if program.takes_codes:
        limits.append(CODE_LIMIT if program.codes[INPUT].fraction else 1)
    return signed_bits(max(limits, default=1))


def weight_bits_needed(program: Program) -> int:
    """The least width of a weight of a synapse."""
    largest = max((int(np.abs(joint.weights()).max(initial=0)) for joint in joints(program)),
                  default=0)
    return max(2, signed_bits(largest))


def sum_bits_needed(program: Program, limit: int,
                    beside: Callable[[Population], int] = lambda place: 0) -> int:
    """The least width of a sum of synapses, with every code at its limit; ``beside`` is what else
    a sum may reach."""
    most = max((reach(*(joint.magnitudes() for joint in place.joints()), limit=limit)
                + beside(place) for place in populations(program)), default=0)
    return max(4, signed_bits(most))

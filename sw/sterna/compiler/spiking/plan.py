"""Where the populations of a program are in an accelerator, and which RUN each synapse reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import reach, signed_bits, whole_weights
from sterna.machine.units.neurons import NeuronKind
from sterna.program.definition import MatrixFormat, Program
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons, Synapses


def groups_of(items: int, lanes: int) -> int:
    """Groups of ``lanes`` that hold the items."""
    return -(-items // lanes)


def populations(program: Program) -> tuple[Neurons, ...]:
    """The populations of the only section, in the order of execution."""
    return tuple(item for item in program.sections[0].items if isinstance(item, Neurons))


def output_of(program: Program) -> Neurons:
    """The population whose outputs are the result."""
    return next(item for item in populations(program) if item.result in program.results)


def numbers_of(program: Program, item: Neurons) -> NeuronParameters:
    """The parameters of a population."""
    return program.parameters.neurons(program.sections[0].name, 0, item.name)


@dataclass(frozen=True)
class Joint:
    """Synapses with the program that they are in, and the population that they lead to."""

    program: Program
    target: Neurons
    synapses: Synapses

    @property
    def source(self) -> str:
        """Name of the codes."""
        return self.synapses.codes

    @property
    def matrix(self) -> MatrixFormat:
        """Size, planes and longest delay."""
        return self.program.matrix(self._section, self.synapses.matrix)

    @property
    def _section(self) -> str:
        return self.program.sections[0].name

    def weights(self) -> NDArray[np.int64]:
        """Weights [targets, sources]."""
        planes = self.program.parameters.planes(self._section, 0, self.synapses.matrix)
        return whole_weights(planes)

    def taps(self) -> NDArray[np.int64]:
        """Which kept code each synapse [targets, sources] reads; 0 is the newest.

        A population that is executed no earlier than its target has not got its new codes yet: its
        newest are those of the RUN before.
        """
        order = {item.codes: index for index, item in enumerate(populations(self.program))}
        target = populations(self.program).index(self.target)
        offset = int(self.synapses.previous) - int(order.get(self.source, -1) >= target)
        if not self.matrix.delay:
            return np.full((self.matrix.rows, self.matrix.columns), offset, np.int64)
        delays = self.program.parameters.delays(self._section, 0, self.synapses.matrix)
        return delays.astype(np.int64) + offset


def joints_into(program: Program, item: Neurons) -> tuple[Joint, ...]:
    """The synapses of a population, in order."""
    return tuple(Joint(program, item, synapses) for synapses in item.synapses)


def joints(program: Program) -> Iterator[Joint]:
    """All synapses in the order of execution."""
    for item in populations(program):
        yield from joints_into(program, item)


@dataclass(frozen=True)
class Placed:
    """A source in the code memory: its first word and how many."""

    word: int
    words: int


def place_sources(program: Program, lanes: int) -> dict[str, Placed]:
    """The input, which always has words, and the codes of populations."""
    placed, word = {}, 0
    made = [item.codes for item in populations(program) if item.codes is not None]
    for name in (INPUT, *made):
        placed[name] = Placed(word, groups_of(program.codes[name].length, lanes))
        word += placed[name].words
    return placed


def taps_needed(program: Program) -> int:
    """Codes of each source that must be kept."""
    return 1 + max((int(item.taps().max(initial=0)) for item in joints(program)), default=0)


def code_bits_needed(program: Program) -> int:
    """The least width of codes: that of populations which others read; real inputs need all."""
    limits = {name: codes.limit for name, codes in program.codes.items()}
    limits[INPUT] = CODE_LIMIT if program.codes[INPUT].fraction else 1
    return signed_bits(max(limits.values()))


def weight_bits_needed(program: Program) -> int:
    """The least width of a weight."""
    largest = max((int(np.abs(item.weights()).max(initial=0)) for item in joints(program)),
                  default=0)
    return max(2, signed_bits(largest))


def accumulator_bits_needed(program: Program, code_limit: int) -> int:
    """The least width of a sum, with every code at its limit."""
    most = max(
        reach(*(item.weights() for item in joints_into(program, population)), limit=code_limit)
        for population in populations(program))
    return max(4, signed_bits(most))


def unit_key(definition: NeuronDefinition, accumulator_bits: int) -> NeuronDefinition:
    """The definition with which a population's unit is built."""
    return replace(definition, sum_bits=accumulator_bits)


def make_units(program: Program, lanes: int, accumulator_bits: int) -> tuple[NeuronKind, ...]:
    """One unit for each definition, in the order of execution."""
    members: dict[NeuronDefinition, list[Neurons]] = {}
    for item in populations(program):
        members.setdefault(unit_key(item.definition, accumulator_bits), []).append(item)
    units = []
    for definition, items in members.items():
        numbers = [numbers_of(program, item) for item in items]
        units.append(NeuronKind(
            definition=definition,
            constants=_constants(numbers),
            varying=_varying(numbers),
            groups=sum(groups_of(item.length, lanes) for item in items),
            codes=any(item.codes is not None for item in items),
            results=any(item.result in program.results for item in items),
        ))
    return tuple(units)


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

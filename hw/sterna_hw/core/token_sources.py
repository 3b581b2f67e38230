"""Where weights, constants and input rows of the token streams come from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from amaranth.lib.wiring import Out
from sterna.machine.protocol import Space

from sterna_hw.core.assembly import Assembly
from sterna_hw.core.data_path import WordDelays
from sterna_hw.core.input_rows import InputRows
from sterna_hw.layouts import word_group
from sterna_hw.link.command_handler import failure_members
from sterna_hw.memory import LateSource, MixedWeights, SequentialSource
from sterna_hw.memory.ports import memory_members, outside_source
from sterna_hw.memory.triple_words import TripleWords
from sterna_hw.stream import connect_streams

WORD_DELAYS = WordDelays(weights=3, constants=2, inputs=1)
"""Of memories on chip that serve a single stream."""


def add_outside_source(assembly: Assembly) -> Any:
    """What reads the memory outside, whose ports become those of the accelerator."""
    machine, m = assembly.machine, assembly.m
    source: Any = outside_source(machine)
    m.submodules["weights" if machine.memory.outside else "rows"] = source
    m.d.comb += source.restart.eq(assembly.begin)
    for name, member in memory_members(machine).items():
        outer, inner = getattr(assembly.ports, name), getattr(source, name)
        m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
    if failure_members(machine):
        m.d.comb += [
            assembly.link.failure.eq(source.failure),
            source.failure_taken.eq(assembly.link.failure_taken),
        ]
        if machine.generates is not None:
            m.d.comb += [
                assembly.commands.failure.eq(source.failure),
                source.failure_taken.eq(assembly.link.failure_taken
                                        | assembly.commands.failure_taken),
            ]
    return source


class TokenSources:
    """The sources, in the module of an accelerator; all start over with a RUN.

    Attributes:
        weights, constants: streams of words. inputs: the rows of each token stream.
        bases: the first words of these rows, held from the clock before the start of a RUN on.
        delays: clocks from transfers on these streams to their payloads.
    """

    def __init__(self, assembly: Assembly) -> None:
        self._assembly, self._machine = assembly, assembly.machine
        self.delays = WORD_DELAYS
        self._outside: Any = add_outside_source(assembly) if self._machine.reads_outside else None
        self.weights = self._weights()
        self.constants = self._constants()
        self.bases, self.inputs = self._inputs()

    def _weights(self) -> Any:
        assembly, machine, m = self._assembly, self._machine, self._assembly.m
        if machine.memory.outside:
            source = self._outside
        else:
            m.submodules.weights = source = self._weight_memory()
            m.d.comb += source.restart.eq(assembly.begin)
        words, writes = source.words, source.writes
        if not isinstance(source, LateSource):
            self.delays = replace(self.delays, weights=0)
        if machine.memory.resident:
            m.submodules.mixed = mixed = MixedWeights(machine)
            connect_streams(m, source.words, mixed.outside)
            connect_streams(m, mixed.outside_writes, source.writes)
            m.d.comb += mixed.restart.eq(assembly.begin)
            words, writes = mixed.words, mixed.writes
        assembly.loads(Space.WEIGHTS, writes)
        if machine.ternary.is_dense(machine):
            m.submodules.triples = triples = TripleWords(machine.weight_bytes)
            connect_streams(m, words, triples.i)
            m.d.comb += triples.restart.eq(assembly.begin)
            words = triples.o
        return words

    def _weight_memory(self) -> SequentialSource | LateSource:
        machine, ternary = self._machine, self._machine.ternary
        memory = 8 * ternary.weight_bytes, ternary.weight_depth
        if ternary.has_tables:
            return self._chip_source(*memory, Space.WEIGHTS, WORD_DELAYS.weights, ternary.rows)
        return SequentialSource(*memory, self._assembly.space(Space.WEIGHTS),
                                self._assembly.initial[Space.WEIGHTS], large=True,
                                staged=not machine.compact)

    def _constants(self) -> Any:
        assembly, machine, m = self._assembly, self._machine, self._assembly.m
        if machine.memory.holds_constants:
            self.delays = replace(self.delays, constants=0)
            assembly.loads(Space.CONSTANTS, self._outside.constant_writes)
            return self._outside.constants
        m.submodules.constants = constants = self._chip_source(
            word_group(machine), machine.vector.constant_depth, Space.CONSTANTS,
            self.delays.constants)
        m.d.comb += constants.restart.eq(assembly.begin)
        assembly.loads(Space.CONSTANTS, constants.writes)
        return constants.words

    def _inputs(self) -> tuple[list[Any], list[Any]]:
        assembly, machine = self._assembly, self._machine
        initial = assembly.initial[Space.INPUT]
        streams = range(machine.streams)
        if machine.row_memory.outside:
            self.delays = replace(self.delays, inputs=0)
            assembly.loads(Space.INPUT, self._outside.row_writes)
            return ([getattr(self._outside, f"base_{number}") for number in streams],
                    [getattr(self._outside, f"rows_{number}") for number in streams])
        if machine.streams > 1:
            inputs: Any = InputRows(machine, initial)
            bases = [getattr(inputs, f"base_{number}") for number in streams]
            words = [getattr(inputs, f"words_{number}") for number in streams]
        else:
            inputs = LateSource(
                word_group(machine), machine.vector.input_depth, assembly.space(Space.INPUT),
                self.delays.inputs, initial, staged=not machine.compact)
            bases, words = [inputs.base], [inputs.words]
        assembly.m.submodules.inputs = inputs
        assembly.m.d.comb += inputs.restart.eq(assembly.begin)
        assembly.loads(Space.INPUT, inputs.writes)
        return bases, words

    def _chip_source(self, shape: Any, depth: int, space: str, delay: int,
                     parts: int = 1) -> SequentialSource | LateSource:
        """Words on chip. Forks take them when they come, so several streams cannot wait."""
        memory = (shape, depth, self._assembly.space(space))
        initial, staged = self._assembly.initial[space], not self._machine.compact
        if self._machine.streams > 1:
            return SequentialSource(*memory, initial, large=True, staged=staged)
        return LateSource(*memory, delay, initial, large=True, staged=staged, parts=parts)

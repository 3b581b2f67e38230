"""The payload of a RESULT frame, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Array, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, counter_words
from sterna.machine.units.head import BEST_WORDS

from sterna_hw.component import Component


@dataclass(frozen=True)
class Part:
    """The words of a unit: so many, of every token stream if there is a unit for each."""

    unit: str
    words: int
    per_stream: bool


def result_parts(machine: Machine) -> tuple[Part, ...]:
    """What follows the counters: units of which each token stream has its own, then the others."""
    parts = [Part(unit.name, unit.result_words(machine), unit.per_stream)
             for unit in machine.units if unit.result_words(machine)]
    return tuple(sorted(parts, key=lambda part: not part.per_stream))


class ResultWords(Component):
    """Reads counters and the results of units in the order of the protocol.

    One word in two clocks; the first is valid three clocks after ``start``. What it reads must be
    steady until the last word is taken. Words of the units that token streams have of their
    own follow each other for every active stream, the lowest first; then come those of the others.

    Members:
        start: In(1), send one payload. without_counters: In(1), from the first unit on; only where
            the machine makes texts. best_alone: In(1), as in `Generation`, likewise.
        counters: In, `counter_words` words of 32 bits.
        active: In(streams), token streams that ran; stream: Out, whose words are wanted. Only where
            the machine has several.
        index: Out, word wanted of a unit; <unit>: In(32), that word, in the clock after.
        words: Out, stream of unsigned(32).
        idle: Out(1), the last word is taken.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine, self._parts = machine, result_parts(machine)
        self._counters = counter_words(machine)
        streams = machine.streams
        most = max([self._counters, *(part.words for part in self._parts)])
        super().__init__({
            **({"active": In(streams), "stream": Out(range(streams))} if streams > 1 else {}),
            "start": In(1),
            **({"without_counters": In(1), "best_alone": In(1)}
               if machine.generates is not None else {}),
            "counters": In(ArrayLayout(CHUNK_BITS, self._counters)),
            "index": Out(range(max(2, most))),
            **{part.unit: In(CHUNK_BITS) for part in self._parts},
            "words": Out(stream.Signature(CHUNK_BITS)),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # Part 0 are the counters.
        lengths = [self._counters, *(self._length(part) for part in self._parts)]
        part = Signal(range(max(2, len(lengths))))
        active = Signal()
        asked = Signal()
        counters = Array(self.counters[number] for number in range(self._counters))
        sources: list[Value] = [counters[self.index],
                                *(getattr(self, item.unit) for item in self._parts)]
        take = Signal()
        last = Signal()
        word = Signal(CHUNK_BITS)
        with m.Switch(part):
            for number, (length, source) in enumerate(zip(lengths, sources, strict=True)):
                with m.Case(number):
                    m.d.comb += [last.eq(self.index == length - 1), word.eq(source)]
        m.d.comb += [
            take.eq(active & ~self.words.valid),
            self.idle.eq(~active & ~asked & ~self.words.valid),
        ]
        following, final = self._following(m, part, take & last)

        m.d.sync += asked.eq(self.start)
        with m.If(self.start):
            m.d.sync += [part.eq(self._first), self.index.eq(0)]
        with m.If(asked):
            m.d.sync += active.eq(1)
        with m.If(self.words.ready):
            m.d.sync += self.words.valid.eq(0)
        with m.If(take):
            m.d.sync += [
                self.words.valid.eq(1), self.words.payload.eq(word),
                self.index.eq(self.index + 1),
            ]
            with m.If(last):
                m.d.sync += [self.index.eq(0), part.eq(following), active.eq(~final)]
        return m

    def _length(self, part: Part) -> Value | int:
        """Words of a unit that are sent."""
        if self._machine.generates is None or part.unit != self._machine.head.name:
            return part.words
        return Mux(self.best_alone, BEST_WORDS, part.words)

    @property
    def _first(self) -> Value | int:
        """The part to begin with."""
        return 0 if self._machine.generates is None else self.without_counters

    def _following(self, m: Module, part: Signal, leaves: Value) -> tuple[Value, Value]:
        """The part behind this one, and whether there is none.

        Parts of which every token stream has its own come again for each that ran.
        """
        own = sum(item.per_stream for item in self._parts)
        end = len(self._parts) == own
        if self._machine.streams == 1:
            return part + 1, part == len(self._parts)
        left = Signal.like(self.active, name="left")
        rest = Signal.like(left, name="rest")
        goes_on = Signal()
        for number in reversed(range(len(left))):
            with m.If(left[number]):
                m.d.comb += self.stream.eq(number)
        with m.If(part == 0):
            m.d.comb += rest.eq(self.active)
        with m.Else():
            m.d.comb += rest.eq(left & (left - 1))
        following = Signal.like(part, name="following")
        final = Signal()
        if self._machine.generates is not None:
            with m.If(self.start):
                m.d.sync += left.eq(self.active)
        m.d.comb += [
            goes_on.eq(rest.any()), following.eq(part + 1), final.eq(part == len(self._parts))]
        with m.If((part == 0) | (part == own)):
            m.d.comb += [following.eq(Mux(goes_on, 1, own + 1)), final.eq(~goes_on & end)]
            with m.If(leaves):
                m.d.sync += left.eq(rest)
        return following, final

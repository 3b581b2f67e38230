"""The payload of a RESULT frame, word by word."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, counter_words

from sterna_hw.component import Component
from sterna_hw.core.counters import COUNTER_BITS, EVENTS
from sterna_hw.vector.command import SCALAR

FIXED_WORDS = 6
"""Four counters and the two words of the scale, before the entries."""


class ResultWords(Component):
    """Reads counters, scales and top-k entries in the order of the protocol.

    One word in two clocks; the first is valid two clocks after ``start``. What it reads must be
    steady until the last word is taken. Scale and entries of every active token stream follow each
    other, the lowest stream first.

    Members:
        start: In(1), send one payload.
        cycles, busy_cycles, waiting_weights_cycles, waiting_codes_cycles: In(32).
        active: In(streams), token streams that ran; only where the machine has several.
        stream: Out, whose scale, value and row are wanted, the same clock; only with ``active``.
        scale: In(SCALAR).
        index: Out(range(top_k)), entry wanted; value: In(signed word), row: In(32), the next clock.
        words: Out, stream of unsigned(32).
        idle: Out(1), the last word is taken.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        streams = machine.streams
        super().__init__({
            **({"active": In(streams), "stream": Out(range(streams))} if streams > 1 else {}),
            "start": In(1),
            "cycles": In(COUNTER_BITS),
            **{f"{event}_cycles": In(COUNTER_BITS) for event in EVENTS},
            "scale": In(SCALAR),
            "index": Out(range(machine.head.top_k)),
            "value": In(signed(machine.vector.word_bits)),
            "row": In(CHUNK_BITS),
            "words": Out(stream.Signature(CHUNK_BITS)),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        fixed = Signal(range(FIXED_WORDS + 1))
        entry = Signal(range(self._machine.head.top_k + 1))
        second = Signal()
        active = Signal()
        word = Signal(CHUNK_BITS)

        counters = [self.cycles, *(getattr(self, f"{event}_cycles") for event in EVENTS)]
        scale = [self.scale.mantissa, self.scale.exponent]
        with m.Switch(fixed):
            for number, source in enumerate([*counters, *scale]):
                with m.Case(number):
                    m.d.comb += word.eq(source)
            with m.Default():
                m.d.comb += word.eq(Mux(second, self.row, self.value))
        m.d.comb += [
            self.index.eq(entry),
            self.idle.eq(~active & ~self.words.valid),
        ]

        with m.If(self.start):
            m.d.sync += [active.eq(1), fixed.eq(0), entry.eq(0), second.eq(0)]
        with m.If(self.words.valid):
            with m.If(self.words.ready):
                m.d.sync += self.words.valid.eq(0)
        with m.Elif(active):
            m.d.sync += [self.words.valid.eq(1), self.words.payload.eq(word)]
            with m.If(fixed != FIXED_WORDS):
                m.d.sync += fixed.eq(fixed + 1)
            with m.Else():
                m.d.sync += second.eq(~second)
                with m.If(second):
                    m.d.sync += entry.eq(entry + 1)
                    with m.If(entry == self._machine.head.top_k - 1):
                        m.d.sync += active.eq(0)
            if self._machine.streams > 1:
                self._next_stream(m, fixed, entry, second, active)
        return m

    def _next_stream(self, m: Module, fixed: Signal, entry: Signal, second: Signal,
                     active: Signal) -> None:
        """After the counters and after the last entry of a stream go on to the next active one."""
        counters = counter_words(self._machine)
        left = Signal.like(self.active, name="left")
        rest = Signal.like(left, name="rest")
        m.d.comb += rest.eq(left & (left - 1))
        for number in reversed(range(len(left))):
            with m.If(left[number]):
                m.d.comb += self.stream.eq(number)
        with m.If(fixed == counters - 1):
            m.d.sync += [left.eq(self.active), active.eq(self.active.any())]
        with m.If(second & (entry == self._machine.head.top_k - 1)):
            m.d.sync += [left.eq(rest), active.eq(rest.any()), fixed.eq(counters),
                         entry.eq(0)]

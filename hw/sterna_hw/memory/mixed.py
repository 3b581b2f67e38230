"""Weight words from two levels of memory in one order."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, ResetInserter, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.memory import outside_words
from sterna.machine.protocol import Space, space_number

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.sequential import SequentialSource
from sterna_hw.stream import StreamBuffer, connect_streams


class MixedWeights(Component):
    """Adds ``resident_words`` on the chip to the weight words of a source outside.

    Resident words are spread evenly among the others (`sterna.machine.weight_words.resident`), so
    that the memory outside never pauses and the engine is as much faster than it as words are
    resident. Which level the next word comes from is counted, not stored. Throughput: one word a
    clock, while both levels have one; latency 1 clock behind them.

    Loaded are first the words outside, in their order, then the resident ones.

    Members:
        restart: In(1), begin with word 0; the source outside is restarted in the same clock.
        outside: In, stream of unsigned(8 * machine.weight_bytes). words: Out, the same; leaves a
            register.
        writes: In, stream of `WriteChunk` of all words. outside_writes: Out, those for outside.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        words = stream.Signature(8 * machine.weight_bytes)
        super().__init__({
            "restart": In(1), "outside": In(words), "words": Out(words),
            "writes": In(stream.Signature(WriteChunk)),
            "outside_writes": Out(stream.Signature(WriteChunk)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        total, resident = machine.weight_words, machine.memory.resident
        bits = 8 * machine.weight_bytes
        m.submodules.chip = chip = SequentialSource(
            bits, resident, space_number(machine, Space.WEIGHTS), large=True)
        buffer = StreamBuffer(bits)
        m.submodules.buffer = ResetInserter(self.restart)(buffer)
        connect_streams(m, buffer.o, self.words)

        # Word n is resident if (n * resident) % total + resident >= total; one word ahead.
        phase = Signal(range(total))
        from_chip = Signal()
        m.d.comb += [
            chip.restart.eq(self.restart),
            chip.base.eq(0),
            buffer.i.payload.eq(Mux(from_chip, chip.words.payload, self.outside.payload)),
            buffer.i.valid.eq(Mux(from_chip, chip.words.valid, self.outside.valid)),
            chip.words.ready.eq(buffer.i.ready & from_chip),
            self.outside.ready.eq(buffer.i.ready & ~from_chip),
        ]
        wraps = phase >= total - resident
        with m.If(buffer.i.valid & buffer.i.ready):
            m.d.sync += [
                from_chip.eq(wraps),
                phase.eq(Mux(wraps, phase - (total - resident), phase + resident)),
            ]
        with m.If(self.restart):
            m.d.sync += [from_chip.eq(0), phase.eq(resident)]
        self._route(m, chip)
        return m

    def _route(self, m: Module, chip: SequentialSource) -> None:
        """Writes below ``outside_words`` go outside, the others to the chip."""
        limit = outside_words(self._machine)
        write = self.writes.payload
        outside = Signal()
        m.d.comb += [
            outside.eq(write.word < limit),
            self.outside_writes.payload.eq(write),
            self.outside_writes.valid.eq(self.writes.valid & outside),
            chip.writes.payload.eq(write),
            chip.writes.payload.word.eq(write.word - limit),
            chip.writes.valid.eq(self.writes.valid & ~outside),
            self.writes.ready.eq(Mux(outside, self.outside_writes.ready, chip.writes.ready)),
        ]

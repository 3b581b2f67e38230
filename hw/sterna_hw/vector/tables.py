"""Look-up tables of the lanes, written by the host and the same in every lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import memory, stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import TABLE_INDEX_BITS, TABLE_SEGMENTS
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, Space, space_number

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk


def table_entry(machine: Machine) -> StructLayout:
    """One segment: words ``base`` and ``slope``."""
    word = signed(machine.vector.word_bits)
    return StructLayout({"base": word, "slope": word})


class LookupTables(Component):
    """``tables`` look-up tables of 512 segments, a copy for each lane.

    Read latency 1 clock, one look-up for each lane in every clock. Chunks of a word must come in
    order; it is written with its last chunk.

    Members:
        writes: stream of `WriteChunk`, always ready; takes those of space TABLES. Word
            ``table * 512 + segment``.
        table: which table, In.
        segments: for each lane the top 9 bits of the operand in two's complement, In.
        entries: for each lane the entry, Out.

    Args:
        initial: words at power up, from word 0 on: whole tables, or nothing for zeros.
    """

    def __init__(self, machine: Machine,
                 initial: Sequence[int] = ()) -> None:
        self._entry = table_entry(machine)
        self._tables = machine.vector.tables
        self._space = space_number(machine, Space.TABLES)
        self._initial = initial
        self._lanes = machine.vector.lanes
        self._write_domain = "comb" if machine.compact else "sync"
        super().__init__({
            "writes": In(stream.Signature(WriteChunk)),
            "table": In(2),
            "segments": In(ArrayLayout(TABLE_INDEX_BITS, self._lanes)),
            "entries": Out(ArrayLayout(self._entry, self._lanes)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bits = self._entry.size
        chunk = self.writes.payload
        selected = Signal()
        m.d.comb += [
            self.writes.ready.eq(1),
            selected.eq(self.writes.valid & (chunk.space == self._space)),
        ]

        word = Signal(bits)
        enable = Signal()
        address = Signal(range(self._tables * TABLE_SEGMENTS))
        if bits <= CHUNK_BITS:
            last, value = chunk.chunk == 0, chunk.data
        else:
            low = Signal(CHUNK_BITS)
            with m.If(selected & (chunk.chunk == 0)):
                m.d.sync += low.eq(chunk.data)
            last, value = chunk.chunk == 1, Cat(low, chunk.data)
        # Stored by two's complement operand, so that look-ups need no offset.
        m.d[self._write_domain] += [
            enable.eq(selected & last),
            address.eq(chunk.word ^ (TABLE_SEGMENTS >> 1)),
            word.eq(value),
        ]
        # Halves change places as in the address of a write.
        initial = [self._initial[word ^ (TABLE_SEGMENTS >> 1)]
                   for word in range(len(self._initial))]
        entries: Any = [{"base": word & (1 << bits // 2) - 1, "slope": word >> bits // 2}
                        for word in initial]
        for lane in range(self._lanes):
            storage = memory.Memory(shape=self._entry, depth=self._tables * TABLE_SEGMENTS,
                                    init=entries, attrs={"no_rw_check": "1"})
            m.submodules[f"lane_{lane}"] = storage
            read = storage.read_port()
            write = storage.write_port()
            m.d.comb += [
                read.en.eq(1), read.addr.eq(Cat(self.segments[lane], self.table)),
                self.entries[lane].eq(read.data),
                write.en.eq(enable), write.addr.eq(address),
                write.data.eq(self._entry(word)),
            ]
        return m

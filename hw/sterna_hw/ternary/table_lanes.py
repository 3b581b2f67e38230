"""Lanes that look sums of three codes up instead of adding them."""

from __future__ import annotations

from functools import partial
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed
from amaranth.lib import memory
from sterna.machine.machine import Machine
from sterna.machine.triples import INDEX_BITS, TRIPLE, TRIPLE_BITS

from sterna_hw.shared_module import shared
from sterna_hw.ternary.lanes import Lanes
from sterna_hw.ternary.table_fill import WRITE_CLOCKS, TableFill
from sterna_hw.ternary.table_row import TableRow, entry_bits, row_latency, row_sum_bits
from sterna_hw.ternary.xilinx import lookup_memory, xilinx_family

_READERS = 4
"""Rows that share a memory in the netlist. In hardware every row has its own; but yosys tries all
ways to map the read ports of a memory, exponentially many, and runs out of memory at 16."""


class TableLanes(Lanes):
    """A table of 13 sums for three columns, read by every row with four bits and a sign.

    When the engine goes on to another tile, its tables are written: ``tile_clocks`` clocks without
    a weight word, and more where the codes are not there yet. Entry 0 is zero and never written.
    Words: `sterna.machine.triples`. They come late, so that wide memories far away can fetch them
    without stopping, and the last entry is written just before the first word is looked up.
    """

    settles = True
    word_delay = WRITE_CLOCKS - 1

    def __init__(self, machine: Machine) -> None:
        self._triples = machine.ternary.columns // TRIPLE
        super().__init__(machine, self.word_delay + 2 + row_latency(self._triples),
                         row_sum_bits(self._triples))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        banks = self._add_banks(m, TRIPLE)
        m.submodules.fill = fill = TableFill(self._triples)
        sets = self._fill(m, banks, fill)
        m.d.comb += [banks.part.eq(fill.part), fill.codes.eq(banks.codes)]
        self._look_up(m, platform, fill, *sets)
        return m

    def _fill(self, m: Module, banks: Any, fill: TableFill) -> tuple[Value, Value]:
        """Have the tables written; returns the sets, if there are two, to be written and read."""
        # Banks and tables are far from what walks the tiles: a register on the way of each signal.
        stale = Signal(init=1)
        begins = Signal()
        releasing = banks.release.any() if self._machine.shared else banks.release
        m.d.comb += [
            begins.eq(stale & self.active & ~releasing & (
                banks.complete | (banks.available & ~self.closing))),
            banks.tile.eq(self.tile),
        ]
        m.d.sync += [
            banks.release.eq(self._releases),
            fill.start.eq(begins),
        ]
        with m.If(begins):
            m.d.sync += stale.eq(0)
        with m.If(fill.done):
            m.d.sync += self.ready.eq(1)
        with m.If(self.advance & self.turn):
            m.d.sync += [self.ready.eq(0), stale.eq(1)]
        return Const(0, 0), Const(0, 0)

    def _look_up(self, m: Module, platform: Any, fill: TableFill, written: Value,
                 read: Value) -> None:
        """Sums of what the tables hold for the words."""
        rows, triples = self._machine.ternary.rows, self._triples
        word_1 = Signal(rows * triples * TRIPLE_BITS, reset_less=True)
        m.d.sync += word_1.eq(self.word)
        table_rows = []
        for row in range(rows):
            m.submodules[f"row_{row}"] = table_row = shared(
                platform, f"sterna_table_row_{triples}", partial(TableRow, triples))
            m.d.comb += [self.sums[row].eq(table_row.total),
                         self.carries[row].eq(table_row.carry)]
            table_rows.append(table_row)
        for triple in range(triples):
            codes = [word_1.word_select(row * triples + triple, TRIPLE_BITS)
                     for row in range(rows)]
            words = self._tables(m, platform, triple, fill, Cat(fill.index, written),
                                 [Cat(code[:INDEX_BITS], read) for code in codes])
            for row, table_row in enumerate(table_rows):
                entry = Signal(signed(entry_bits()), name=f"entry_{row}_{triple}",
                               reset_less=True)
                negate = Signal(name=f"negate_{row}_{triple}", reset_less=True)
                m.d.comb += [
                    table_row.entries[triple].eq(entry),
                    table_row.negate[triple].eq(negate),
                ]
                m.d.sync += [entry.eq(words[row]), negate.eq(codes[row][INDEX_BITS])]

    def _tables(self, m: Module, platform: Any, triple: int, fill: TableFill, written: Value,
                addresses: list[Value]) -> list[Value]:
        """The entries of a triple at each row's address."""
        family = xilinx_family(platform)
        if family is not None:
            return lookup_memory(m, family, f"table_{triple}", fill.entries[triple],
                                 written, fill.valid, addresses)
        words = []
        for row, address in enumerate(addresses):
            if row % _READERS == 0:
                table = memory.Memory(shape=signed(entry_bits()), depth=1 << len(written), init=[])
                m.submodules[f"table_{row // _READERS}_{triple}"] = table
                write = table.write_port()
                m.d.comb += [
                    write.addr.eq(written),
                    write.en.eq(fill.valid),
                    write.data.eq(fill.entries[triple]),
                ]
            read = table.read_port(domain="comb")
            m.d.comb += read.addr.eq(address)
            words.append(read.data)
        return words

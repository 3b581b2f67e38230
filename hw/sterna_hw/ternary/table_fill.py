"""Makes the sums of three codes, one after the other, for all tables at once."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Const, Module, Signal, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import CODE_BITS
from sterna.machine.triples import INDEX_BITS, STEPS, TRIPLE

from sterna_hw.component import Component
from sterna_hw.ternary.folded_adder import FoldedAdder
from sterna_hw.ternary.table_row import entry_bits

WRITE_CLOCKS = 4
"""From asking for a code to writing the entry that it makes."""


class TableFill(Component):
    """Entries 1 to 13 of every table in the order of `sterna.machine.triples.STEPS`.

    Started in clock t, it asks for part ``STEPS[k][0]`` of the codes in clock t + k, gets them in
    the clock after, and writes entry k + 1 in clock t + k + `WRITE_CLOCKS`. What is written passes
    a register on its way to the tables, which are far apart.

    Members:
        start: In(1), only while ``idle``.
        idle: Out(1).
        part: Out, which of the three codes of each table.
        codes: In, ``triples`` codes, in the clock after they were asked for.
        index: Out, entry that is written. valid: Out(1).
        entries: Out, ``triples`` entries.
        done: Out(1), `WRITE_CLOCKS` clocks before the last write. Leaves a register.

    Args:
        triples: tables.
    """

    def __init__(self, triples: int) -> None:
        self._triples = triples
        super().__init__({
            "start": In(1),
            "idle": Out(1),
            "part": Out(range(TRIPLE)),
            "codes": In(ArrayLayout(signed(CODE_BITS), triples)),
            "index": Out(INDEX_BITS),
            "valid": Out(1),
            "entries": Out(ArrayLayout(signed(entry_bits()), triples)),
            "done": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        step = Signal(range(len(STEPS)))
        running = Signal()
        last = Signal()
        m.d.comb += [
            self.idle.eq(step == 0),
            running.eq(~self.idle | self.start),
            last.eq(step == len(STEPS) - 1),
            self.part.eq(Array(Const(code, range(TRIPLE)) for code, _ in STEPS)[step]),
        ]
        with m.If(running):
            m.d.sync += step.eq(step + 1)
        with m.If(last):
            m.d.sync += step.eq(0)

        subtract = Signal()
        m.d.comb += subtract.eq(Array(Const(int(sign < 0), 1) for _, sign in STEPS)[step])
        m.d.sync += self.done.eq(step == len(STEPS) - 2)
        subtract_1 = Signal()
        subtract_2 = Signal()
        valid_1 = Signal()
        valid_2 = Signal()
        valid_3 = Signal()
        clear_2 = Signal(init=1)  # one more register instead of an inverter before 300 others
        codes_2 = Signal.like(self.codes, reset_less=True)
        index_3 = Signal.like(self.index)
        m.d.sync += [
            subtract_1.eq(subtract),
            subtract_2.eq(subtract_1),
            valid_1.eq(running),
            valid_2.eq(valid_1),
            clear_2.eq(~valid_1),
            valid_3.eq(valid_2),
            self.valid.eq(valid_3),
            codes_2.eq(self.codes),
            self.index.eq(index_3),
        ]
        with m.If(valid_2):
            m.d.sync += index_3.eq(index_3 + 1)
        with m.Else():
            m.d.sync += index_3.eq(0)
        for table in range(self._triples):
            entry = Signal(signed(entry_bits()), name=f"entry_{table}", reset_less=True)
            m.submodules[f"adder_{table}"] = adder = FoldedAdder(
                entry_bits(), CODE_BITS, entry_bits())
            m.d.comb += [
                adder.a.eq(entry),
                adder.b.eq(codes_2[table]),
                adder.invert_b.eq(subtract_2),
                adder.carry.eq(subtract_2),
            ]
            m.d.sync += [entry.eq(adder.total), self.entries[table].eq(entry)]
            with m.If(clear_2):
                m.d.sync += entry.eq(0)
        return m

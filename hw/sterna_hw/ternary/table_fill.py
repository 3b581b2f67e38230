"""Makes the sums of three codes, one after the other, for all tables at once."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Const, Module, Signal, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.program.arithmetic import CODE_BITS
from sterna.program.triples import INDEX_BITS, STEPS, TRIPLE

from sterna_hw.component import Component
from sterna_hw.ternary.folded_adder import FoldedAdder
from sterna_hw.ternary.table_row import entry_bits


class TableFill(Component):
    """Entries 1 to 13 of every table in the order of `sterna.program.triples.STEPS`.

    Started in clock t, it asks for part ``STEPS[k][0]`` of the codes in clock t + k, gets them in
    the clock after, and writes entry k + 1 in clock t + k + 3.

    Members:
        start: In(1), only while ``idle``.
        idle: Out(1).
        part: Out, which of the three codes of each table.
        codes: In, ``triples`` codes, in the clock after they were asked for.
        index: Out, entry that is written. valid: Out(1).
        entries: Out, ``triples`` entries.
        done: Out(1), in the clock before the last write.

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
        running, last = Signal(), Signal()
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
        subtract_1, subtract_2 = Signal(), Signal()
        valid_1, valid_2, last_1 = Signal(), Signal(), Signal()
        codes_2 = Signal.like(self.codes, reset_less=True)
        m.d.sync += [
            subtract_1.eq(subtract),
            subtract_2.eq(subtract_1),
            valid_1.eq(running),
            valid_2.eq(valid_1),
            last_1.eq(last),
            self.done.eq(last_1),
            codes_2.eq(self.codes),
            self.valid.eq(valid_2),
        ]
        with m.If(valid_2):
            m.d.sync += self.index.eq(self.index + 1)
        with m.Else():
            m.d.sync += self.index.eq(0)
        for index in range(self._triples):
            m.submodules[f"adder_{index}"] = adder = FoldedAdder(
                entry_bits(), CODE_BITS, entry_bits())
            m.d.comb += [
                adder.a.eq(self.entries[index]),
                adder.b.eq(codes_2[index]),
                adder.invert_b.eq(subtract_2),
                adder.carry.eq(subtract_2),
            ]
            with m.If(valid_2):
                m.d.sync += self.entries[index].eq(adder.total)
            with m.Else():
                m.d.sync += self.entries[index].eq(0)
        return m

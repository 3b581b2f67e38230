"""Elements for the columns of a strip, which come one a clock while the strip before is on."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.matrix.operand import indices, next_element


class Columns(Component):
    """Reads ``count`` operands in step, lane after lane; the lanes behind the last column get 0.

    Members:
        start: In(1), the first strip of a pass is read from the next clock on; columns: In, steady.
        ready: Out(1), a strip is there. begins: In(1), it is needed, soon or now.
        take: In(1), it becomes the one in use; the next is read.
        group, lane: Out, the element that is read; elements: In, those of each operand, 2 clocks
            later.
        values: Out, for each operand ``lanes`` elements of the strip in use, from the clock after
            ``take`` on.
    """

    def __init__(self, machine: Machine, count: int) -> None:
        self._machine, self._count = machine, count
        word = signed(machine.vector.word_bits)
        super().__init__({
            "start": In(1), "columns": In(range(machine.matrix.columns + 1)),
            "ready": Out(1), "begins": In(1), "take": In(1),
            "group": Out(indices(machine.matrix.operand_depth)),
            "lane": Out(indices(machine.vector.lanes)),
            "elements": In(ArrayLayout(word, count)),
            "values": Out(ArrayLayout(ArrayLayout(word, machine.matrix.lanes), count)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        lanes = self._machine.matrix.lanes
        next_group, next_lane = next_element(m, self._machine, self.group, self.lane)
        left = Signal(range(lanes + 1))
        columns = Signal.like(self.columns, name="columns_left")
        real = Signal()
        last = Signal()
        m.d.comb += [real.eq((left != 0) & (columns != 0)), last.eq(left == 1)]
        # What is asked for, in the clocks until it is there.
        asked = Signal(2)
        is_real = Signal(2)
        is_last = Signal(2)
        m.d.sync += [asked.eq(Cat(left != 0, asked)), is_real.eq(Cat(real, is_real)),
                     is_last.eq(Cat(last, is_last))]
        with m.If(left != 0):
            m.d.sync += left.eq(left - 1)
        with m.If(real):
            m.d.sync += [columns.eq(columns - 1), self.group.eq(next_group),
                         self.lane.eq(next_lane)]
        with m.If(asked[1] & is_last[1]):
            m.d.sync += self.ready.eq(1)
        with m.If(self.begins):
            m.d.sync += self.ready.eq(0)
        with m.If(self.take):
            m.d.sync += left.eq(lanes)
            with m.If(columns == 0):
                m.d.sync += columns.eq(self.columns)
        with m.If(self.start):
            m.d.sync += [self.ready.eq(0), left.eq(lanes), columns.eq(self.columns),
                         self.group.eq(0), self.lane.eq(0)]
        for number in range(self._count):
            coming = Signal(self.values[number].shape(), name=f"coming_{number}", reset_less=True)
            with m.If(asked[1]):
                m.d.sync += [coming[lanes - 1].eq(0), *(
                    coming[lane].eq(coming[lane + 1]) for lane in range(lanes - 1))]
                with m.If(is_real[1]):
                    m.d.sync += coming[lanes - 1].eq(self.elements[number])
            with m.If(self.take):
                m.d.sync += self.values[number].eq(coming)
        return m

"""The steps of a pass: a strip of lanes down all rows, then the next, head by head."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.matrix.operand import indices, next_element


def step_layout(machine: Machine) -> StructLayout:
    """A step: its row, and whether it is the first or last of a strip, of its last or first strip.

    ``width`` is how many columns the strip has.
    """
    unit = machine.matrix
    return StructLayout({
        "valid": 1, "row": indices(unit.rows), "first": 1, "last": 1, "first_strip": 1,
        "last_strip": 1, "width": range(unit.lanes + 1),
    })


class Steps(Component):
    """Counts through the cells of a state, a word of lanes a clock.

    Members:
        start: In(1), heads, rows, columns: In; a pass over such a state begins in the next clock.
            Sizes are steady until it has ended.
        columns_ready: In(1), the next strip may begin. may_end: In(1), its last row may follow.
            may_begin: In(1), a head may begin.
        step: Out, `step_layout`. running: Out(1), steps are left.
        group, lane: Out, where the row's element is in vectors with one for each row of each head.
        head_group, head_lane: Out, the same of vectors with one for each head.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        unit = machine.matrix
        groups, lanes = indices(unit.operand_depth), indices(machine.vector.lanes)
        super().__init__({
            "start": In(1), "heads": In(range(unit.heads + 1)), "rows": In(range(unit.rows + 1)),
            "columns": In(range(unit.columns + 1)),
            "columns_ready": In(1), "may_end": In(1), "may_begin": In(1),
            "step": Out(step_layout(machine)), "running": Out(1),
            "group": Out(groups), "lane": Out(lanes),
            "head_group": Out(groups), "head_lane": Out(lanes),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, step, lanes = self._machine, self.step, self._machine.matrix.lanes
        row = Signal.like(step.row)
        first = Signal()
        first_strip = Signal()
        heads = Signal.like(self.heads)
        columns = Signal.like(self.columns)
        begin_group = Signal.like(self.group)
        begin_lane = Signal.like(self.lane)
        next_group, next_lane = next_element(m, machine, self.group, self.lane)
        after_group, after_lane = next_element(m, machine, self.head_group, self.head_lane)
        # No statement here reads a field beside that which it writes: Verilator 5.048 takes its old
        # value then.
        last = Signal()
        last_strip = Signal()
        goes = Signal()
        m.d.comb += [
            last.eq(row == self.rows - 1), last_strip.eq(columns <= lanes),
            goes.eq(self.running & (~first | self.columns_ready) & (~last | self.may_end)
                    & (~first | ~first_strip | self.may_begin)),
            step.row.eq(row), step.first.eq(first), step.last.eq(last), step.valid.eq(goes),
            step.first_strip.eq(first_strip), step.last_strip.eq(last_strip),
            step.width.eq(Mux(last_strip, columns, lanes)),
        ]
        with m.If(goes):
            m.d.sync += [row.eq(row + 1), first.eq(0), self.group.eq(next_group),
                         self.lane.eq(next_lane)]
            with m.If(last):
                m.d.sync += [row.eq(0), first.eq(1), first_strip.eq(0), columns.eq(columns - lanes),
                             self.group.eq(begin_group), self.lane.eq(begin_lane)]
                with m.If(last_strip):
                    m.d.sync += [
                        first_strip.eq(1), columns.eq(self.columns), heads.eq(heads - 1),
                        self.running.eq(heads != 1),
                        self.group.eq(next_group), self.lane.eq(next_lane),
                        begin_group.eq(next_group), begin_lane.eq(next_lane),
                        self.head_group.eq(after_group), self.head_lane.eq(after_lane),
                    ]
        with m.If(self.start):
            m.d.sync += [
                self.running.eq(1), row.eq(0), first.eq(1), first_strip.eq(1),
                heads.eq(self.heads), columns.eq(self.columns),
                *(place.eq(0) for place in (self.group, self.lane, begin_group, begin_lane,
                                            self.head_group, self.head_lane)),
            ]
        return m

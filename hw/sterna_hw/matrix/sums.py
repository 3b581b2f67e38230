"""Sums of products that are read: down the rows of a strip, or across the columns of a row."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import sum_bits

from sterna_hw.component import Component
from sterna_hw.matrix.steps import step_layout
from sterna_hw.memory.storage import Storage


def sum_members(machine: Machine) -> dict[str, Any]:
    """``step``: In, `step_layout`, valid only where products are to be read; products: In, those of
    the step. sums: Out, stream of sums in their order. drained: Out(1), the last of a strip or of a
    head leaves."""
    products = ArrayLayout(signed(2 * machine.vector.word_bits), machine.matrix.lanes)
    return {"step": In(step_layout(machine)), "products": In(products),
            "sums": Out(stream.Signature(signed(sum_bits(machine)))), "drained": Out(1)}


class RowSums(Component):
    """Each lane adds down the rows of a strip; then its sums leave, one a clock.

    Those of a strip must have left when the next one ends. Latency: 2 clocks from the last row.

    Members: see `sum_members`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__(sum_members(machine))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        lanes = self._machine.matrix.lanes
        layout = ArrayLayout(self.sums.payload.shape(), lanes)
        totals = Signal(layout, reset_less=True)
        held = Signal(layout, reset_less=True)
        left = Signal(range(lanes + 1))
        width = Signal(range(lanes + 1))
        ended = Signal()
        m.d.sync += [ended.eq(self.step.valid & self.step.last), width.eq(self.step.width)]
        with m.If(self.step.valid):
            m.d.sync += [
                totals[lane].eq(Mux(self.step.first, 0, totals[lane]) + self.products[lane])
                for lane in range(lanes)]
        m.d.comb += [
            self.sums.valid.eq(left != 0), self.sums.payload.eq(held[0]),
            self.drained.eq(self.sums.ready & (left == 1)),
        ]
        with m.If(self.sums.valid & self.sums.ready):
            m.d.sync += [left.eq(left - 1),
                         *(held[lane].eq(held[lane + 1]) for lane in range(lanes - 1))]
        with m.If(ended):
            m.d.sync += [held.eq(totals), left.eq(width)]
        return m


class ColumnSums(Component):
    """A tree adds the lanes of a step, and a memory has the sums of rows from strip to strip.

    Those of a head leave, one a clock, when its last strip has ended, and before the next begins.

    Members: see `sum_members`.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        super().__init__(sum_members(machine))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        step, rows = self.step, self._machine.matrix.rows
        values: list[Value] = list(self.products)
        while len(values) > 1:
            values = [self._register(m, sum(values[place:place + 2][1:], values[place]))
                      for place in range(0, len(values), 2)]
            step = self._register(m, step)
        m.submodules.store = store = Storage(len(self.sums.payload), max(2, rows))
        asked, across = step, self._register(m, values[0])
        step = self._register(m, asked)
        before = store.data.as_signed()
        place = Signal(range(max(2, rows)))
        ending = Signal.like(step.row, name="ending")
        draining = Signal()
        there = Signal()
        reads = Signal()
        m.d.comb += [
            store.enable.eq(asked.valid | reads), store.address.eq(asked.row),
            store.write_enable.eq(step.valid), store.write_address.eq(step.row),
            store.write_data.eq(Mux(step.first_strip, 0, before) + across),
            reads.eq(draining & (~there | self.sums.ready)),
            self.sums.valid.eq(there), self.sums.payload.eq(before),
            self.drained.eq(there & self.sums.ready & ~draining),
        ]
        with m.If(there & self.sums.ready):
            m.d.sync += there.eq(0)
        with m.If(reads):
            m.d.comb += store.address.eq(place)
            m.d.sync += [there.eq(1), place.eq(place + 1), draining.eq(place != ending)]
        with m.If(step.valid & step.last & step.last_strip):
            m.d.sync += [draining.eq(1), place.eq(0), ending.eq(step.row)]
        return m

    def _register(self, m: Module, value: Any) -> Any:
        later = Signal(value.shape(), name="later")
        m.d.sync += later.eq(value)
        return later

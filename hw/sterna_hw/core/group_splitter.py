"""Row groups of the engine become word groups for the vector unit and the head."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.law.planes import full, reach
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import DELIVERY_BITS, Destination, groups_per_row_group

from sterna_hw.component import Component
from sterna_hw.core.delivery import Delivery, saturated, sum_group
from sterna_hw.layouts import row_group, word_group
from sterna_hw.stream import connect_streams


class GroupSplitter(Component):
    """Cuts row groups into word groups, saturates them and sends them where they belong.

    Throughput: one word group a clock, so ``rows / vector_lanes`` clocks a row group. Latency: one
    clock. The order of rows is kept; a row group for one destination waits for those before it.
    ``valid`` of the row groups must not depend on ``ready``.

    An accumulator is at most the `reach` of ``code_depth`` columns; where a word holds that,
    nothing is saturated. Where a matrix may have several planes words leave by a `Delivery`, which
    shifts and saturates them and takes `DELIVERY_CLOCKS` more.

    Members:
        row_groups: In, stream of `row_group`.
        vector: Out, stream of `word_group`, the groups with destination VECTOR.
        head: Out, stream of `word_group`, those with destination HEAD.
        idle: Out(1), nothing is on its way.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        words = stream.Signature(word_group(machine))
        super().__init__({
            "row_groups": In(stream.Signature(row_group(machine))),
            "vector": Out(words),
            "head": Out(words),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        parts = groups_per_row_group(machine)
        lanes = machine.vector.lanes
        part = Signal(range(max(2, parts)))  # a signal of no bits is two wires in Verilog
        several = machine.ternary.planes > 1
        given = sum_group(machine)["values"].shape if several else word_group(machine)
        group = Signal(given, reset_less=True)
        for_vector = Signal()
        for_head = Signal()
        valid = Signal()

        offered, width = self.row_groups.payload, machine.ternary.accumulator_bits
        accept = Signal()
        more = Signal()
        begins = Signal()
        leaves: list[Any] = [
            self.vector.valid.eq(for_vector),
            self.head.valid.eq(for_head),
            self.vector.payload.eq(group),
            self.head.payload.eq(group),
            self.idle.eq(~valid & ~self.row_groups.valid),
        ]
        goes = ~((for_vector & ~self.vector.ready) | (for_head & ~self.head.ready))
        shift = Signal(DELIVERY_BITS, reset_less=True)
        if several:
            m.submodules.delivery = delivery = Delivery(machine)
            connect_streams(m, delivery.vector, self.vector)
            connect_streams(m, delivery.head, self.head)
            sums = delivery.groups.payload
            goes = ~valid | delivery.groups.ready
            leaves = [
                delivery.groups.valid.eq(valid), sums.values.eq(group),
                sums.destination.eq(Mux(for_head, Destination.HEAD, Destination.VECTOR)),
                sums.shift.eq(shift),
                self.idle.eq(~valid & ~self.row_groups.valid & delivery.idle),
            ]
        m.d.comb += [
            valid.eq(for_vector | for_head),
            accept.eq(goes),
            more.eq(self.row_groups.valid),
            begins.eq(accept & self.row_groups.valid),
            self.row_groups.ready.eq(accept),
            *leaves,
        ]
        chosen: Value = Cat(offered.values)[:lanes * width]
        to_head = offered.destination == Destination.HEAD
        if parts > 1:
            # The first part takes the others along, so that the row group goes a clock later, by a
            # register: what takes the words may decide late.
            others = Signal((parts - 1) * lanes * width, reset_less=True)
            done = Signal()
            first = part == 0
            m.d.comb += [
                more.eq(~first | self.row_groups.valid),
                begins.eq(accept & first & self.row_groups.valid),
                self.row_groups.ready.eq(done),
            ]
            m.d.sync += done.eq(begins)
            others_to_head = Signal()
            with m.If(first):  # the last time when it begins, which is known late
                m.d.sync += [
                    others.eq(Cat(offered.values)[lanes * width:]),
                    others_to_head.eq(to_head),
                ]
            to_head = Mux(first, to_head, others_to_head)
            later = others if parts == 2 else others.word_select(
                (part - 1)[:len(part)], lanes * width)
            chosen = Mux(first, chosen, later)
            with m.If(accept & more):
                m.d.sync += part.eq(part + 1)
                if parts != 1 << len(part):
                    with m.If(part == parts - 1):
                        m.d.sync += part.eq(0)
        if several:  # that of the first part holds for the others
            with m.If(accept & ((part == 0) if parts > 1 else Const(1))):
                m.d.sync += shift.eq(offered.shift)
        with m.If(accept):
            m.d.sync += [
                for_vector.eq(more & ~to_head),
                for_head.eq(more & to_head),
                *(group[lane].eq(self._saturate(chosen.word_select(lane, width).as_signed()))
                  for lane in range(lanes)),
            ]
        return m

    def _saturate(self, value: Value) -> Value:
        """The accumulator as a word, symmetric: -limit .. limit."""
        limit = self._machine.vector.word_limit
        bits = self._machine.vector.word_bits
        if self._machine.ternary.planes > 1:
            return value  # later
        if reach(full(self._machine.ternary.code_depth)) <= limit:
            return value[:bits].as_signed() if len(value) > bits else value
        return saturated(value, bits)

"""Row groups of the engine become word groups for the vector unit and the head."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.program.arithmetic import CODE_LIMIT
from sterna.program.configuration import HardwareConfiguration
from sterna.program.encoding import Destination

from sterna_hw.component import Component
from sterna_hw.layouts import row_group, word_group


class GroupSplitter(Component):
    """Cuts row groups into word groups, saturates them and sends them where they belong.

    Throughput: one word group a clock, so ``rows / vector_lanes`` clocks a row group. Latency: one
    clock. The order of rows is kept; a row group for one destination waits for those before it.

    An accumulator is at most ``127 * code_depth``; where a word holds that, nothing is saturated.

    Members:
        row_groups: In, stream of `row_group`.
        vector: Out, stream of `word_group`, the groups with destination VECTOR.
        head: Out, stream of `word_group`, those with destination HEAD.
        idle: Out(1), nothing is on its way.
    """

    def __init__(self, configuration: HardwareConfiguration) -> None:
        self._configuration = configuration
        words = stream.Signature(word_group(configuration))
        super().__init__({
            "row_groups": In(stream.Signature(row_group(configuration))),
            "vector": Out(words),
            "head": Out(words),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        configuration = self._configuration
        parts = configuration.groups_per_row_group
        lanes = configuration.vector_lanes
        part = Signal(range(max(2, parts)))  # a signal of no bits is two wires in Verilog
        group = Signal(word_group(configuration), reset_less=True)
        valid = Signal()
        for_head = Signal()

        taken = Mux(for_head, self.head.ready, self.vector.ready)
        accept = Signal()
        m.d.comb += [
            accept.eq(~valid | taken),
            self.row_groups.ready.eq(accept & (part == parts - 1)),
            self.vector.valid.eq(valid & ~for_head),
            self.head.valid.eq(valid & for_head),
            self.vector.payload.eq(group),
            self.head.payload.eq(group),
            self.idle.eq(~valid & ~self.row_groups.valid),
        ]
        values = self.row_groups.payload.values
        width = configuration.accumulator_bits
        chosen = Cat(values).word_select(part, lanes * width) if parts > 1 else Cat(values)
        with m.If(accept):
            m.d.sync += [
                valid.eq(self.row_groups.valid),
                for_head.eq(self.row_groups.payload.destination == Destination.HEAD),
                *(group[lane].eq(self._saturate(chosen.word_select(lane, width).as_signed()))
                  for lane in range(lanes)),
            ]
            with m.If(self.row_groups.valid):
                with m.If(part == parts - 1):
                    m.d.sync += part.eq(0)
                with m.Else():
                    m.d.sync += part.eq(part + 1)
        return m

    def _saturate(self, value: Value) -> Value:
        """The accumulator as a word, symmetric: -limit .. limit."""
        limit = self._configuration.word_limit
        bits = self._configuration.word_bits
        if CODE_LIMIT * self._configuration.code_depth <= limit:
            return value[:bits].as_signed() if len(value) > bits else value
        low, high, sign = value[:bits - 1], value[bits - 1:], value[-1]
        fits = (high == sign.replicate(len(high))) & ~(sign & ~low.any())
        extreme = Cat(Const(1, 1), (~sign).replicate(bits - 2), sign)
        return Mux(fits, Cat(low, sign), extreme)

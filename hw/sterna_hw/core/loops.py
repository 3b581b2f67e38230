"""The loops of the sequencer: two levels, as far as the machine has an instruction for them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out
from sterna.machine.encoding import (
    instruction_bits,
    instruction_fields,
    kind_of,
)
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.core.loop_level import REPEAT, LoopLevel, offset_bits
from sterna_hw.layouts import instruction_layout


class LoopLevels(Component):
    """Opens a loop at REPEAT; at the end of a body it goes back or on, the inner level first.

    What ends with an instruction is decided while it is resolved, so that ``again`` and ``start``
    leave registers, but for the choice between two.

    Members:
        begin: In(1), no loop is open.
        instruction: In, steady from ``resolving``: In(1) to ``done``: In(1), it is carried out.
        following: In, address of the next instruction.
        again: Out(1), after this instruction a body starts again, at ``start``: Out.
        inner_offset: Out, that of the inner loop; both_offsets: Out, that of both, from the clock
            after ``resolving`` on.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        address, offset = range(machine.program_depth), offset_bits(machine)
        super().__init__({
            "begin": In(1), "resolving": In(1), "done": In(1),
            "instruction": In(instruction_bits(machine)),
            "following": In(address),
            "again": Out(1), "start": Out(address),
            "inner_offset": Out(offset), "both_offsets": Out(offset),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        if REPEAT not in instruction_fields(machine):
            return m
        m.submodules.inner = inner = LoopLevel(machine)
        m.submodules.outer = outer = LoopLevel(machine)
        layout = instruction_layout(machine, REPEAT)
        repeat = View(layout, self.instruction[:layout.size])
        opens = Signal()
        is_repeat = Signal()
        m.d.sync += is_repeat.eq(repeat.kind == kind_of(machine, REPEAT))
        m.d.comb += opens.eq(self.done & is_repeat)
        for number, level in enumerate((inner, outer)):
            m.d.comb += [
                level.clear.eq(self.begin),
                level.open.eq(opens & (repeat.level == number)),
                level.count.eq(repeat.count),
                level.step.eq(repeat.step),
                level.first.eq(self.following),
            ]
        # A REPEAT closes nothing, so its kind need not be looked at.
        inner_again = Signal()
        outer_again = Signal()
        goes_on = ~(repeat.ends[0] & ~inner.last)
        with m.If(self.resolving):
            m.d.sync += [
                inner_again.eq(~goes_on),
                outer_again.eq(repeat.ends[1] & goes_on & ~outer.last),
            ]
        with m.Elif(self.begin):
            m.d.sync += [inner_again.eq(0), outer_again.eq(0)]
        both = Signal.like(self.both_offsets, name="both", reset_less=True)
        m.d.sync += both.eq(inner.offset + outer.offset)
        m.d.comb += [
            inner.close.eq(self.done & repeat.ends[0]),
            outer.close.eq(self.done & repeat.ends[1] & ~inner_again),
            self.again.eq(inner_again | outer_again),
            self.start.eq(Mux(inner_again, inner.start, outer.start)),
            self.inner_offset.eq(inner.offset), self.both_offsets.eq(both),
        ]
        return m

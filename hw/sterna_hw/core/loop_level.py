"""One level of the sequencer's loops."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out
from sterna.machine.encoding import instruction_fields
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import COUNT_BITS

from sterna_hw.component import Component

REPEAT = "REPEAT"


def offset_bits(machine: Machine) -> int:
    """Bits of the offsets that loops add to addresses; 1, always 0, in a machine without loops."""
    return dict(instruction_fields(machine).get(REPEAT, ())).get("step", 1)


class LoopLevel(Component):
    """Counts the repetitions of a loop and keeps its address offset.

    All outputs leave registers.

    Members:
        clear: In(1), offset 0, for the start of a run.
        open: In(1), a loop begins: take ``count``, ``step`` and ``first``.
        count: In(COUNT_BITS), repetitions, at least 1. step: In(offset_bits).
        first: In(range(program_depth)), address of the first instruction of the body.
        close: In(1), the last instruction of the body is done.
        last: Out(1), this repetition is the last one.
        start: Out, the address that ``first`` gave.
        offset: Out(offset_bits), 0 in the first repetition and outside the loop.
    """

    def __init__(self, machine: Machine) -> None:
        address = offset_bits(machine)
        super().__init__({
            "clear": In(1), "open": In(1), "close": In(1),
            "count": In(COUNT_BITS), "step": In(address),
            "first": In(range(machine.program_depth)),
            "last": Out(1),
            "start": Out(range(machine.program_depth)),
            "offset": Out(address),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        left = Signal(COUNT_BITS, reset_less=True)
        step = Signal.like(self.step, name="kept_step", reset_less=True)
        with m.If(self.open):
            m.d.sync += [left.eq(self.count), self.last.eq(self.count == 1)]
            m.d.sync += [step.eq(self.step), self.start.eq(self.first)]
        with m.Elif(self.close):
            m.d.sync += [left.eq(left - 1), self.last.eq(left == 2)]
        with m.If(self.clear | self.open | (self.close & self.last)):
            m.d.sync += self.offset.eq(0)
        with m.Elif(self.close):
            m.d.sync += self.offset.eq(self.offset + step)
        return m

"""Sums of planes are shifted on their way out, rounded and saturated."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import MAX_DELIVERY_SHIFT, SHIFT_STEP
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import DELIVERY_BITS, Destination

from sterna_hw.component import Component
from sterna_hw.layouts import word_group


def sum_group(machine: Machine) -> StructLayout:
    """A word group of accumulators, where they go, and by how many steps they are shifted."""
    values = ArrayLayout(signed(machine.ternary.accumulator_bits), machine.vector.lanes)
    return StructLayout({"values": values, "destination": 1, "shift": DELIVERY_BITS})


def saturated(value: Value, word_bits: int) -> Value:
    """An integer as a word, symmetric: -limit .. limit."""
    low, high, sign = value[:word_bits - 1], value[word_bits - 1:], value[-1]
    fits = (high == sign.replicate(len(high))) & ~(sign & ~low.any())
    extreme = Cat(Const(1, 1), (~sign).replicate(word_bits - 2), sign)
    return Mux(fits, Cat(low, sign), extreme)


class Delivery(Component):
    """``word = saturate(round_shift(value, shift))``, a group a clock, in their order.

    Latency: `DELIVERY_CLOCKS`. All groups stop while the one that leaves is not taken.

    Members:
        groups: In, stream of `sum_group`.
        vector, head: Out, streams of `word_group`, by destination.
        idle: Out(1), nothing is on its way.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        words = stream.Signature(word_group(machine))
        super().__init__({
            "groups": In(stream.Signature(sum_group(machine))),
            "vector": Out(words), "head": Out(words), "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, given = self._machine, self.groups.payload
        bits, lanes = machine.ternary.accumulator_bits, machine.vector.lanes
        halves = Signal(ArrayLayout(signed(bits + 1), lanes), reset_less=True)
        group = Signal(word_group(machine), reset_less=True)
        shifted = Signal()
        to_head = Signal(reset_less=True)
        for_vector = Signal()
        for_head = Signal()
        goes = Signal()
        m.d.comb += [
            goes.eq(~((for_vector & ~self.vector.ready) | (for_head & ~self.head.ready))),
            self.groups.ready.eq(goes),
            self.vector.valid.eq(for_vector), self.head.valid.eq(for_head),
            self.vector.payload.eq(group), self.head.payload.eq(group),
            self.idle.eq(~(self.groups.valid | shifted | for_vector | for_head)),
        ]
        with m.If(goes):
            m.d.sync += [
                shifted.eq(self.groups.valid), to_head.eq(given.destination == Destination.HEAD),
                for_vector.eq(shifted & ~to_head), for_head.eq(shifted & to_head),
            ]
            # Half a unit stays below the point, for the rounding.
            with m.Switch(given.shift):
                for steps in range(MAX_DELIVERY_SHIFT // SHIFT_STEP + 1):
                    with m.Case(steps):
                        m.d.sync += [halves[lane].eq((value << 1) >> SHIFT_STEP * steps)
                                     for lane, value in enumerate(given.values)]
            for lane in range(lanes):
                total = Signal(signed(bits + 1), name=f"total_{lane}")
                m.d.comb += total.eq((halves[lane] >> 1) + halves[lane][0])
                m.d.sync += group[lane].eq(saturated(total, machine.vector.word_bits))
        return m

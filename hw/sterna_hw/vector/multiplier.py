"""The multiplier that all lanes share: a scalar, one or minus one, and the shift of a group."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import (
    EXPONENT_BITS,
    MANTISSA_BITS,
    MAX_SHIFT,
    SHIFT_STEP,
    TABLE_SHIFT,
)
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.vector.command import SCALAR


class BroadcastMultiplier(Component):
    """Turns scalar floats into word multipliers (``as_multiplier`` of the arithmetic).

    One group a clock. A scalar loaded in stage 1 of a command's first group serves all its groups.

    Members:
        load, scalar: stage 1, In. The scalar's mantissa is 0 or at least ``2**15``.
        sign: stage 1, the scalar is negative, In; only where scalars have a sign.
        use_scalar, use_unit, negative, lookup, shift: stage 2 of each group, In.
        broadcast: stage 3: plus or minus the scalar or one, else zero, Out.
        steps: stage 3: the group's shift in steps of 4 bits, Out.
    """

    def __init__(self, machine: Machine) -> None:
        self._bits = machine.vector.word_bits
        self._signed = machine.vector.sums
        super().__init__({
            **({"sign": In(1)} if self._signed else {}),
            "load": In(1), "scalar": In(SCALAR),
            "use_scalar": In(1), "use_unit": In(1), "negative": In(1), "lookup": In(1),
            "shift": In(4),
            "broadcast": Out(signed(self._bits)), "steps": Out(4),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        drop = MANTISSA_BITS + 1 - self._bits
        mantissa, exponent = self.scalar.mantissa, self.scalar.exponent

        # Stage 1: the shift is a multiple of 4, the mantissa loses the rest.
        shift = Signal(signed(EXPONENT_BITS + 2))
        magnitude = Signal(self._bits - 1)
        steps = Signal(4)
        large = Signal()
        small = Signal()
        m.d.comb += shift.eq(-drop - exponent)
        with m.If(self.load):
            with m.Switch(shift[:2]):
                for rest in range(SHIFT_STEP):
                    with m.Case(rest):
                        m.d.sync += magnitude.eq(mantissa >> (drop + rest))
            m.d.sync += [
                steps.eq(shift >> 2),
                large.eq((exponent > -drop) & mantissa[-2:].any()),  # shift < 0
                small.eq(exponent <= -drop - MAX_SHIFT - SHIFT_STEP),  # above MAX_SHIFT
            ]

        negative: Value = self.negative
        if self._signed:
            sign = Signal(name="kept_sign")
            with m.If(self.load):
                m.d.sync += sign.eq(self.sign)
            negative = self.negative ^ (sign & self.use_scalar)

        # Stage 2: what does not fit becomes the largest word or zero; then the sign.
        value = Signal(self._bits)
        use = Signal()
        m.d.comb += [
            use.eq(self.use_scalar & ~small),
            value.eq((magnitude & use.replicate(self._bits - 1))
                     | (self.use_scalar & large).replicate(self._bits - 1) | self.use_unit),
        ]
        m.d.sync += self.broadcast.eq(
            (value ^ negative.replicate(self._bits)) + negative)
        with m.If(self.use_scalar):
            m.d.sync += self.steps.eq(Mux(large | small, 0, steps))
        with m.Elif(self.lookup):
            m.d.sync += self.steps.eq(TABLE_SHIFT // SHIFT_STEP)
        with m.Else():
            m.d.sync += self.steps.eq(self.shift)
        return m

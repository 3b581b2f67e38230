"""The coarse right shift of a product, cut down to the bits that can matter."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import MAX_SHIFT, SHIFT_STEP
from sterna.machine.machine import Machine

from sterna_hw.component import Component

FINE = 3
"""Shifts are ``12 * coarse + 4 * fine``, both 0 to 2: three inputs with a bit each that selects
them fit a pair of LUT4s."""


class ShiftSelect(Component):
    """Decodes a shift for all lanes. Combinational.

    Members:
        steps: shift in steps of 4 bits, 0 to 8, In.
        coarse, fine: a bit for each of 0, 1 and 2, of which one is set; In of `ProductShift`.
        keep: bit ``k`` says that the shift is at most ``4 * k`` (k from 0 to 4).
    """

    def __init__(self) -> None:
        super().__init__({
            "steps": In(4), "coarse": Out(FINE), "fine": Out(FINE), "keep": Out(5)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        with m.Switch(self.steps):
            for steps in range(MAX_SHIFT // SHIFT_STEP + 1):
                with m.Case(steps):
                    coarse, fine = divmod(steps, FINE)
                    m.d.comb += [
                        self.coarse.eq(1 << coarse), self.fine.eq(1 << fine),
                        self.keep.eq(sum((steps <= bit) << bit for bit in range(5))),
                    ]
        return m


class ProductShift(Component):
    """``floor(product / 2**shift)`` with its rounding bit. Combinational.

    Members:
        product: signed, 2 * W bits, In.
        coarse, fine, keep: from `ShiftSelect`, In.
        quotient: low ``W + 1`` bits, signed, Out.
        half: bit below the quotient: 1 if rounding goes up, Out.
        overflow: the quotient does not fit; with any addend of W bits the sum saturates to the
            product's sign, Out.
    """

    def __init__(self, machine: Machine) -> None:
        self._word_bits = machine.vector.word_bits
        super().__init__({
            "product": In(signed(2 * self._word_bits)),
            "coarse": In(FINE), "fine": In(FINE), "keep": In(5),
            "quotient": Out(signed(self._word_bits + 1)), "half": Out(1), "overflow": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        width = self._word_bits + 1
        top = 2 * self._word_bits - 1
        sign = self.product[top]
        doubled = Cat(Const(0, 1), self.product)  # with the bit below, so that half is bit 0

        def select(value: Value, which: Value, length: int, distance: int) -> Value:
            """``length`` bits of value >> distance * which, filled with the sign.

            No bit is shared by all: lanes are far apart, and a gate for them is in no lane.
            """
            bits = []
            for k in range(length):
                zero, one, two = (value[place] if place < len(value) else sign
                                  for place in range(k, k + FINE * distance, distance))
                bits.append(Mux(which[0], zero, sign) if k + distance >= len(value) else
                            (which[0] & zero) | (which[1] & one) | (which[2] & two))
            return Cat(*bits)

        middle_width = width + 1 + (FINE - 1) * SHIFT_STEP
        middle = Signal(middle_width)
        result = Signal(width + 1)
        m.d.comb += [
            middle.eq(select(doubled, self.coarse, middle_width, FINE * SHIFT_STEP)),
            result.eq(select(middle, self.fine, width + 1, SHIFT_STEP)),
            self.half.eq(result[0]),
            self.quotient.eq(result[1:].as_signed()),
        ]

        differs = []
        for bit, start in enumerate(range(self._word_bits, top, SHIFT_STEP)):
            chunk = self.product[start:min(start + SHIFT_STEP, top)]
            different = Signal(name=f"differs_{bit}")
            m.d.comb += different.eq(Mux(sign, ~chunk.all(), chunk.any()))
            differs.append(different & self.keep[bit])
        m.d.comb += self.overflow.eq(Cat(*differs).any())
        return m

"""The right shift of a product, cut down to the bits that can matter."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out
from sterna.program.arithmetic import MAX_SHIFT, SHIFT_STEP
from sterna.program.configuration import HardwareConfiguration

from sterna_hw.component import Component

COARSE_STEP = 2 * SHIFT_STEP
COARSE = MAX_SHIFT // COARSE_STEP + 1
"""Shifts are ``8 * coarse + 4 * fine`` with coarse from 0 to 4 and fine 0 or 1."""


class ShiftSelect(Component):
    """Decodes a shift for all lanes. Combinational.

    Members:
        steps: shift in steps of 4 bits, 0 to 8, In.
        coarse: one bit for each coarse shift, Out. least: bit ``j`` says that coarse is at least
            ``j + 1``, Out. fine: one step more, Out.
        keep: bit ``k`` says that the shift is at most ``4 * k`` (k from 0 to 4), Out.
    """

    def __init__(self) -> None:
        super().__init__({
            "steps": In(4), "coarse": Out(COARSE), "least": Out(COARSE - 1), "fine": Out(1),
            "keep": Out(5),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        with m.Switch(self.steps):
            for steps in range(MAX_SHIFT // SHIFT_STEP + 1):
                with m.Case(steps):
                    coarse, fine = divmod(steps, COARSE_STEP // SHIFT_STEP)
                    m.d.comb += [
                        self.coarse.eq(1 << coarse), self.least.eq((1 << coarse) - 1),
                        self.fine.eq(fine),
                        self.keep.eq(sum((steps <= bit) << bit for bit in range(5))),
                    ]
        return m


class ProductShift(Component):
    """``floor(product / 2**shift)`` with its rounding bit. Latency 1 clock.

    The register behind the multiplier is there once for each coarse shift, and all but one copy are
    reset: what is left to do in logic is an OR, where a multiplexer takes twice the tables.

    Members:
        product: signed, 2 * W bits, In.
        coarse, least: from `ShiftSelect`, with the product, In.
        fine, keep: the same, one clock later, In.
        quotient: low ``W + 1`` bits, signed, Out.
        half: bit below the quotient: 1 if rounding goes up, Out.
        negative: sign of the product, Out.
        overflow: the quotient does not fit; with any addend of W bits the sum saturates to the
            product's sign, Out.
    """

    def __init__(self, configuration: HardwareConfiguration) -> None:
        self._word_bits = configuration.word_bits
        super().__init__({
            "product": In(signed(2 * self._word_bits)),
            "coarse": In(COARSE), "least": In(COARSE - 1), "fine": In(1), "keep": In(5),
            "quotient": Out(signed(self._word_bits + 1)), "half": Out(1), "negative": Out(1),
            "overflow": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        result_width = self._word_bits + 2  # quotient and half
        middle_width = result_width + SHIFT_STEP
        middle = self._shift_coarsely(m, middle_width)
        result = Signal(result_width)
        m.d.comb += [
            result.eq(Mux(self.fine, middle[SHIFT_STEP:], middle[:result_width])),
            self.half.eq(result[0]),
            self.quotient.eq(result[1:].as_signed()),
        ]

        top = 2 * self._word_bits - 1
        high = Signal(top + 1 - self._word_bits, reset_less=True)
        m.d.sync += high.eq(self.product[self._word_bits:])
        m.d.comb += self.negative.eq(high[-1])
        differs = []
        for bit, start in enumerate(range(0, len(high) - 1, SHIFT_STEP)):
            chunk = high[start:min(start + SHIFT_STEP, len(high) - 1)]
            different = Signal(name=f"differs_{bit}")
            m.d.comb += different.eq(Mux(high[-1], ~chunk.all(), chunk.any()))
            differs.append(different & self.keep[bit])
        m.d.comb += self.overflow.eq(Cat(*differs).any())
        return m

    def _shift_coarsely(self, m: Module, width: int) -> Value:
        """``width`` bits of the product with a zero below, right shifted by the coarse shift."""

        def gated(value: Value, enable: Value, name: str) -> Signal:
            register = Signal(len(value), name=name)
            with m.If(enable):
                m.d.sync += register.eq(value)
            with m.Else():
                m.d.sync += register.eq(0)
            return register

        terms: list[list[Value]] = [[] for _ in range(width)]
        for coarse in range(COARSE):
            first = 0 if coarse else 1  # the bit below the product
            start = COARSE_STEP * coarse + first - 1
            part = self.product[start:start + width - first]
            copy = gated(part, self.coarse[coarse], f"copy_{coarse}")
            for bit in range(len(part)):
                terms[first + bit].append(copy[bit])
            # Where this shift is the first to run out of bits, it and all larger ones bring a sign.
            missing = range(first + len(part), min(width, first + len(part) + COARSE_STEP))
            if coarse and missing:
                sign = gated(self.product[-1], self.least[coarse - 1], f"sign_{coarse}")
                for bit in missing:
                    terms[bit].append(sign)
        return Cat(*(Cat(*inputs).any() for inputs in terms))

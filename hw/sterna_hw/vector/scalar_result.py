"""The last step of a scalar operation: pick, normalise by a bit, keep in range."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib.wiring import In, Out
from sterna.program.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.program.encoding import ScalarCode

from sterna_hw.component import Component
from sterna_hw.vector.command import SCALAR

WIDE_EXPONENT = EXPONENT_BITS + 2


class ScalarResult(Component):
    """Combinational.

    Members:
        operation: what was computed, In.
        constant: mantissa (of CONSTANT), In. total: of both mantissas (of ADD), In.
        product: of both (of ABSMAX, SQUARES and MULTIPLY), In.
        interpolation: mantissa (of the others), In.
        tail: low bits that the normalisation of SQUARES brings in, In.
        blank: an interpolation's operand was zero, In.
        exponent: of left for ADD and CONSTANT, sum of both for MULTIPLY, else of the result, In.
        result: Out.
    """

    def __init__(self) -> None:
        bits = MANTISSA_BITS
        super().__init__({
            "operation": In(ScalarCode), "constant": In(bits), "total": In(bits + 1),
            "product": In(2 * bits), "interpolation": In(bits), "tail": In(3), "blank": In(1),
            "exponent": In(signed(WIDE_EXPONENT)), "result": Out(SCALAR),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bits = MANTISSA_BITS
        total = self.total
        mantissa, carry, zero, product = Signal(bits), Signal(), Signal(), Signal()
        m.d.comb += zero.eq(~mantissa[-1])
        with m.Switch(self.operation):
            with m.Case(ScalarCode.ABSMAX):
                m.d.comb += mantissa.eq(self.product[:bits])
            with m.Case(ScalarCode.SQUARES):
                m.d.comb += mantissa.eq(self.product[:bits] | self.tail)
            with m.Case(ScalarCode.MULTIPLY):
                m.d.comb += [
                    carry.eq(self.product[-1]),
                    product.eq(1),  # 17 significant bits of 33: the exponent grows by 16
                    mantissa.eq(Mux(carry, self.product[bits:], self.product[bits - 1:-1])),
                ]
            with m.Case(ScalarCode.CONSTANT):
                m.d.comb += mantissa.eq(self.constant)
            with m.Case(ScalarCode.ADD):
                m.d.comb += [
                    carry.eq(total[-1]),
                    mantissa.eq(Mux(carry, total[1:], total[:-1])),
                ]
            with m.Default():
                m.d.comb += [
                    mantissa.eq(self.interpolation),
                    zero.eq(self.blank),
                ]

        # Both exponents and their ranges are ready before the carry, which comes late, selects.
        bias = Cat(Const(0, bits.bit_length() - 1), product)
        same, next_one = Signal(signed(WIDE_EXPONENT)), Signal(signed(WIDE_EXPONENT))
        exponent, low, high = Signal(signed(WIDE_EXPONENT)), Signal(), Signal()
        limit = 1 << (EXPONENT_BITS - 1)
        m.d.comb += [
            same.eq(self.exponent + bias),
            next_one.eq(self.exponent + (bias | 1)),
            exponent.eq(Mux(carry, next_one, same)),
            low.eq(zero | Mux(carry, next_one < -limit, same < -limit)),
            high.eq(~zero & Mux(carry, next_one >= limit, same >= limit)),
            self.result.mantissa.eq((mantissa & (~low).replicate(bits)) | high.replicate(bits)),
            self.result.exponent.eq(Cat(
                (exponent[:EXPONENT_BITS - 1] & (~low).replicate(EXPONENT_BITS - 1))
                | high.replicate(EXPONENT_BITS - 1),
                exponent[-1] & ~low & ~high,
            ).as_signed()),
        ]
        return m

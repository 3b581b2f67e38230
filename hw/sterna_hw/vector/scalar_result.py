"""The last step of a scalar operation: pick, normalise by a bit, keep in range."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.units.scalar import ScalarCode

from sterna_hw.component import Component
from sterna_hw.vector.command import SCALAR

WIDE_EXPONENT = EXPONENT_BITS + 2
OPERATIONS = StructLayout({code.name.lower(): 1 for code in ScalarCode})
"""The operations of the scalar unit, decoded: a bit each."""


class ScalarResult(Component):
    """Combinational.

    Members:
        does: In(`OPERATIONS`), what was computed; one bit is set.
        constant: mantissa (of CONSTANT), In. total: of both mantissas (of ADD), In.
        product: of both (of ABSMAX, SQUARES and MULTIPLY), In.
        interpolation: mantissa (of the others), In.
        tail: low bits that the normalisation of SQUARES brings in, In.
        zero: the result is zero, which is known before it, In.
        exponent: of left for ADD and CONSTANT, sum of both for MULTIPLY, else of the result, In.
        result: Out.
    """

    def __init__(self) -> None:
        bits = MANTISSA_BITS
        super().__init__({
            "does": In(OPERATIONS), "constant": In(bits), "total": In(bits + 1),
            "product": In(2 * bits), "interpolation": In(bits), "tail": In(3), "zero": In(1),
            "exponent": In(signed(WIDE_EXPONENT)), "result": Out(SCALAR),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bits = MANTISSA_BITS
        total, does, zero = self.total, self.does, self.zero
        mantissa = Signal(bits)
        carry = Signal()
        product = Signal()
        choices = [
            (does.absmax | does.squares, self.product[:bits]),
            (does.squares, self.tail),
            (does.multiply, Mux(carry, self.product[bits:], self.product[bits - 1:-1])),
            (does.constant, self.constant),
            (does.add, Mux(carry, total[1:], total[:-1])),
            (does.code_scale | does.rsqrt, self.interpolation),
        ]
        m.d.comb += [
            product.eq(does.multiply),  # 17 significant bits of 33: the exponent grows by 16
            carry.eq((does.multiply & self.product[-1]) | (does.add & total[-1])),
            mantissa.eq(reduce(or_, (value & chosen.replicate(bits) for chosen, value in choices))),
        ]

        # Both exponents and their ranges are ready before the carry, which comes late, selects.
        bias = Cat(Const(0, bits.bit_length() - 1), product)
        same = Signal(signed(WIDE_EXPONENT))
        next_one = Signal(signed(WIDE_EXPONENT))
        exponent = Signal(signed(WIDE_EXPONENT))
        low = Signal()
        high = Signal()
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

"""The adder that every exponent of the scalar unit goes through."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS

from sterna_hw.component import Component
from sterna_hw.vector.leading_one import exponent_of
from sterna_hw.vector.scalar_result import WIDE_EXPONENT

SEARCH_STEP = 4


class ExponentAdder(Component):
    """``moved = exponent + step``, or the complement of the exponent; combinational.

    What is added is told by one bit each, which leave registers: the adder is late as it is.

    Members:
        exponent: In(signed(WIDE_EXPONENT)).
        combining: add ``other``, In(1); subtract it where ``adds``.
        ordering: subtract ``distance``, In(1).
        segmenting: -26 - exponent, In(1); -25 - exponent where ``rsqrt``.
        multiplying: subtract the logarithm of ``factor``, In(1).
        searching: subtract `SEARCH_STEP`, In(1).
        adds, rsqrt: the operation is one of these, In(1).
        other, distance: In. factor: a power of two or zero, In.
        moved: Out(signed(WIDE_EXPONENT)), anything when nothing is told.
    """

    def __init__(self) -> None:
        wide = signed(WIDE_EXPONENT)
        super().__init__({
            "exponent": In(wide), "other": In(signed(EXPONENT_BITS)), "distance": In(wide),
            "factor": In(MANTISSA_BITS),
            "combining": In(1), "ordering": In(1), "segmenting": In(1), "multiplying": In(1),
            "searching": In(1),
            "adds": In(1), "rsqrt": In(1),
            "moved": Out(wide),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bits = WIDE_EXPONENT
        terms = []
        for name, chosen, value in (
            ("other", self.combining, self.other ^ self.adds.replicate(EXPONENT_BITS).as_signed()),
            ("distance", self.ordering, ~self.distance),
            ("segment", self.segmenting, Mux(self.rsqrt, Const(-24), Const(-25))),
            ("logarithm", self.multiplying, ~exponent_of(m, self.factor).as_signed()),
            ("search", self.searching, Const(-SEARCH_STEP)),
        ):
            term = Signal(signed(bits), name=f"{name}_step")
            m.d.comb += term.eq(value)
            terms.append(term & chosen.replicate(bits))
        carry = Signal()
        step = Signal(bits)
        m.d.comb += [
            carry.eq((self.combining & self.adds) | self.ordering | self.multiplying),
            step.eq(reduce(or_, terms)),
            self.moved.eq((Cat(carry, self.exponent ^ self.segmenting.replicate(bits))
                           + Cat(carry, step))[1:bits + 1].as_signed()),
        ]
        return m

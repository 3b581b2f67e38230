"""Decoder of the five-trit byte code."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.program.configuration import TRITS_PER_BYTE

from sterna_hw.component import Component

TRIT = StructLayout({"nonzero": 1, "plus": 1})
"""A decoded trit; ``plus`` means nothing where ``nonzero`` is clear."""


class TritDecoder(Component):
    """One byte to five trits, combinational. The code is described in `sterna.program.trits`.

    Members:
        byte: In(8).
        trits: Out, five `TRIT`.
    """

    def __init__(self) -> None:
        super().__init__({"byte": In(8), "trits": Out(ArrayLayout(TRIT, TRITS_PER_BYTE))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        single, left, right = self.byte[0:2], self.byte[2:5], self.byte[5:8]

        escape, no_pair = Signal(), Signal()
        m.d.comb += [
            escape.eq(single == 0),
            no_pair.eq(left[0:2] == 0),
        ]

        inner = Signal(2)
        m.d.comb += inner.eq(Mux(no_pair, right[0:2], left[0:2]))
        m.d.comb += self.trits[0].as_value().eq(Mux(escape, inner, single))

        first = Signal(3)
        m.d.comb += first.eq(Mux(escape, right, left))
        first_zero = escape & (no_pair | ~left[2])
        second_zero = escape & (no_pair | left[2])
        for index, pair, zero in ((1, first, first_zero), (3, right, second_zero)):
            one, plus_0, plus_1 = pair
            m.d.comb += [
                self.trits[index].nonzero.eq(~zero & ~(one & (plus_0 != plus_1))),
                self.trits[index].plus.eq(plus_0),
                self.trits[index + 1].nonzero.eq(~zero & ~(one & (plus_0 == plus_1))),
                self.trits[index + 1].plus.eq(plus_1),
            ]
        return m

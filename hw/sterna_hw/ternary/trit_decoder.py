"""Decoder of the five-trit byte code."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.units.ternary import TRITS_PER_BYTE

from sterna_hw.component import Component

TRIT = StructLayout({"nonzero": 1, "plus": 1})
"""A decoded trit; ``plus`` means nothing where ``nonzero`` is clear."""


class TritDecoder(Component):
    """One byte to five trits; the code is described in `sterna.machine.trits`. Latency 1 clock.

    The register sits between the choice of fields and the meaning of pairs. It keeps synthesis from
    merging the two into wide functions, which take almost three times the area.

    Members:
        byte: In(8).
        trits: Out, five `TRIT`; one look-up table after the register.
    """

    def __init__(self) -> None:
        super().__init__({"byte": In(8), "trits": Out(ArrayLayout(TRIT, TRITS_PER_BYTE))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        single, left, right = self.byte[0:2], self.byte[2:5], self.byte[5:8]
        escape, no_pair = single == 0, left[0:2] == 0

        trit_0 = Signal(2, reset_less=True)
        first = Signal(3, reset_less=True)
        second = Signal(3, reset_less=True)
        first_zero = Signal(reset_less=True)
        second_zero = Signal(reset_less=True)
        m.d.sync += [
            trit_0.eq(Mux(escape, Mux(no_pair, right[0:2], left[0:2]), single)),
            first.eq(Mux(escape, right, left)),
            second.eq(right),
            first_zero.eq(escape & (no_pair | ~left[2])),
            second_zero.eq(escape & (no_pair | left[2])),
        ]

        m.d.comb += self.trits[0].as_value().eq(trit_0)
        for index, pair, zero in ((1, first, first_zero), (3, second, second_zero)):
            one, plus_0, plus_1 = pair
            m.d.comb += [
                self.trits[index].nonzero.eq(~zero & ~(one & (plus_0 != plus_1))),
                self.trits[index].plus.eq(plus_0),
                self.trits[index + 1].nonzero.eq(~zero & ~(one & (plus_0 == plus_1))),
                self.trits[index + 1].plus.eq(plus_1),
            ]
        return m


def add_decoders(m: Module, word: Value) -> list[Value]:
    """Decoders for all bytes of a word; its trits, each as in `TRIT`, a clock later."""
    trits: list[Value] = []
    for index in range(len(word) // 8):
        m.submodules[f"decoder_{index}"] = decoder = TritDecoder()
        m.d.comb += decoder.byte.eq(word.word_select(index, 8))
        trits += [decoder.trits[position].as_value() for position in range(TRITS_PER_BYTE)]
    return trits


class TritDecoders(Component):
    """Decoders of several bytes side by side. Latency 1 clock.

    Members:
        bytes: In(8 * count). trits: Out, five `TRIT` for each byte.
    """

    def __init__(self, count: int) -> None:
        super().__init__({
            "bytes": In(8 * count), "trits": Out(ArrayLayout(TRIT, TRITS_PER_BYTE * count)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += self.trits.as_value().eq(Cat(add_decoders(m, self.bytes)))
        return m

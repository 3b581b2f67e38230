"""One matrix row: the codes of a tile times its trits, summed."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import CODE_BITS
from sterna.law.planes import full, reach, signed_bits

from sterna_hw.component import Component
from sterna_hw.ternary.trit_decoder import TRIT


def sum_bits(columns: int) -> int:
    """Width of a signed sum of ``columns`` codes."""
    return signed_bits(reach(full(columns)))


def tree_latency(columns: int) -> int:
    """Clocks from codes and trits to their sum."""
    return (columns - 1).bit_length()


class AdderTree(Component):
    """``total = sum(trit * code)`` over a tile, latency `tree_latency`, one tile a clock.

    Each leaf chooses between code, negated code and zero: four inputs a bit, one look-up table, and
    no carry to correct as after an inversion. Every level is registered; otherwise synthesis merges
    the adds into compressors, two to three times as large.

    Members:
        codes: In, ``columns`` codes of -127 .. 127.
        negated: In, the same codes with the opposite sign.
        trits: In, ``columns`` of `TRIT`.
        total: Out(signed(sum_bits(columns))), exact.

    Args:
        columns: a power of two, at least 2.
    """

    def __init__(self, columns: int) -> None:
        if columns < 2 or columns & (columns - 1):
            raise ValueError(f"columns must be a power of two of at least 2, not {columns}")
        self._columns = columns
        codes = ArrayLayout(signed(CODE_BITS), columns)
        super().__init__({
            "codes": In(codes),
            "negated": In(codes),
            "trits": In(ArrayLayout(TRIT, columns)),
            "total": Out(signed(sum_bits(columns))),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        level = []
        for column in range(self._columns):
            trit = self.trits[column]
            leaf = Signal(signed(CODE_BITS), name=f"leaf_{column}")
            m.d.comb += leaf.eq(Mux(trit.nonzero, Mux(
                trit.plus, self.codes[column], self.negated[column]), 0))
            level.append(leaf)

        depth = 0
        while len(level) > 1:
            depth += 1
            sums = []
            for index in range(0, len(level), 2):
                node = Signal(signed(CODE_BITS + depth), name=f"sum_{depth}_{index // 2}",
                              reset_less=True)
                m.d.sync += node.eq(level[index] + level[index + 1])
                sums.append(node)
            level = sums
        m.d.comb += self.total.eq(level[0])
        return m

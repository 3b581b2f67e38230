"""Sums of a plane, times the power of three that the plane stands for."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.machine import Machine

from sterna_hw.component import Component


class Weighting(Component):
    """``totals = (sums + carries) * 3**power`` for every row: an adder for the carry, one for 3,
    one for each 9, a register behind each.

    A free-running pipeline, a word a clock. Latency: ``Ternary.weighting_clocks``.

    Members:
        power: In, 0 .. planes - 1.
        sums: In, ``rows`` sums. carries: In(rows), ones to be added to them.
        totals: Out, ``rows`` numbers of ``total_bits`` bits.

    Attributes:
        total_bits: width of a total.

    Args:
        machine: one whose matrices may have several planes.
        sum_bits: width of a sum.
    """

    def __init__(self, machine: Machine, sum_bits: int) -> None:
        ternary = machine.ternary
        self._planes, self._rows = ternary.planes, ternary.rows
        self._most = reach(full(ternary.columns))
        self.total_bits = signed_bits(self._most * 3 ** (self._planes - 1))
        super().__init__({
            "power": In(range(self._planes)),
            "sums": In(ArrayLayout(signed(sum_bits), self._rows)),
            "carries": In(self._rows),
            "totals": Out(ArrayLayout(signed(self.total_bits), self._rows)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        most, power = self._most, self.power
        values = [self._register(m, most, f"whole_{row}", self.sums[row] + self.carries[row])
                  for row in range(self._rows)]
        # The first factor is 3, the others are 9.
        for stage in range(1 + (self._planes - 1) // 2):
            later = Signal.like(power, name=f"power_{stage}", reset_less=True)
            m.d.sync += later.eq(power)
            power = later
            applies = power[1:] >= stage if stage else power[0]
            shift = 3 if stage else 1
            most *= 9 if stage else 3
            values = [
                self._register(m, most, f"weighted_{stage}_{row}",
                               value + Mux(applies, value << shift, 0))
                for row, value in enumerate(values)]
        m.d.comb += [self.totals[row].eq(value) for row, value in enumerate(values)]
        return m

    def _register(self, m: Module, most: int, name: str, value: Any) -> Signal:
        """The value a clock later, in no more bits than it needs or a total has."""
        bits = min(signed_bits(most), self.total_bits)
        register = Signal(signed(bits), name=name, reset_less=True)
        m.d.sync += register.eq(value)
        return register

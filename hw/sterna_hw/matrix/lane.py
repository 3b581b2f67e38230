"""A lane of the matrix states: a cell decays, grows, is rounded, and multiplied to be read."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component

CELL_STAGE, READ_STAGE = 6, 7
"""When the new cell leaves its register, and its product to be read; operands come in stage 2."""


def saturated(value: Value, bits: int) -> tuple[Value, Value]:
    """A signed value as a word, symmetric, and whether it was clipped. Combinational."""
    sign, rest = value[-1], value[bits - 1:-1]
    if not len(rest):
        return value, Const(0)
    fits = Mux(sign, rest.all() & value[:bits - 1].any(), ~rest.any())
    limit = Mux(sign, -(1 << bits - 1) + 1, (1 << bits - 1) - 1)
    return Mux(fits, value[:bits].as_signed(), limit), ~fits


class StateLane(Component):
    """One cell a clock (`sterna.law.matrix_state.new_cell`), nothing waits.

    Members:
        cell: In, loss, rows: In, columns: In; stage 2: the old cell, what it loses, and the factors
            of each product.
        new_cell: Out, clipped: Out(1); stage 6. factor: In, stage 6.
        product: Out, stage 7: factor times new cell.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        word, products = signed(machine.vector.word_bits), machine.matrix.products
        super().__init__({
            "cell": In(word), "loss": In(word), "rows": In(ArrayLayout(word, products)),
            "columns": In(ArrayLayout(word, products)), "factor": In(word),
            "new_cell": Out(word), "clipped": Out(1),
            "product": Out(signed(2 * machine.vector.word_bits)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        unit, bits = self._machine.matrix, self._machine.vector.word_bits
        cell = Signal(signed(bits), reset_less=True)
        m.d.sync += cell.eq(self.cell)
        kept: Value = cell << unit.shift
        if unit.decay:
            lost = Signal(signed(2 * bits), reset_less=True)
            m.d.sync += lost.eq(self.cell * self.loss)
            kept = kept - (lost << unit.shift - unit.decay_fraction)
        added: Value = Const(0)
        for number, (row, column) in enumerate(zip(self.rows, self.columns, strict=True)):
            part = Signal(signed(2 * bits), name=f"part_{number}", reset_less=True)
            m.d.sync += part.eq(row * column)
            added = added + part
        added = (added << unit.shift - unit.product_shift) + (1 << unit.shift >> 1)
        left = self._register(m, kept, "left")
        total = self._register(m, left + self._register(m, added, "added"), "total")
        word, clipped = saturated(total >> unit.shift, bits)
        m.d.sync += [
            self.new_cell.eq(word), self.clipped.eq(clipped),
            self.product.eq(self.new_cell * self.factor),
        ]
        return m

    def _register(self, m: Module, value: Value, name: str) -> Signal:
        later = Signal(value.shape(), name=name, reset_less=True)
        m.d.sync += later.eq(value)
        return later

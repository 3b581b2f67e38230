"""A lane at the ties of its rounding and at the ends of words, against the law."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.hdl import Module, Signal, signed
from sterna.law.matrix_state import new_cell
from sterna_hw.matrix.lane import CELL_STAGE, StateLane, saturated
from sterna_sim.streams import simulate

from tests.hw.matrix.model import LIMIT
from tests.hw.matrix.test_unit import machine_of

CELLS = (
    # Cell, loss, row and column of two products.
    (0, 0, (1, 4), (0, 0)), (0, 0, (-1, 4), (0, 0)), (0, 0, (3, 4), (0, 0)),
    (0, 0, (-3, 4), (0, 0)),
    (LIMIT, 0, (4, 1), (0, 0)), (-LIMIT, 0, (-4, 1), (0, 0)), (-LIMIT, 0, (-3, 1), (0, 0)),
    (-LIMIT, 0, (-8, 1), (0, 0)), (-LIMIT, 0, (-12, 1), (0, 0)), (LIMIT, 0, (12, 1), (0, 0)),
    (LIMIT, LIMIT, (0, 0), (0, 0)), (-LIMIT, LIMIT, (LIMIT, LIMIT), (LIMIT, LIMIT)),
    (LIMIT, -LIMIT, (LIMIT, LIMIT), (LIMIT, LIMIT)), (LIMIT, LIMIT, (LIMIT, -LIMIT), (1, 1)),
    (-LIMIT, -LIMIT, (-LIMIT, LIMIT), (LIMIT, -LIMIT)), (1000, 1 << 11, (1, 4), (1, -4)),
    (1, 1 << 11, (1, 4), (0, 0)), (1025, 2, (0, 0), (0, 0)), (-1025, 2, (0, 0), (0, 0)),
)


@pytest.mark.parametrize("shifts", [(12, 3, 0), (24, 3, 0), (12, 24, 0)])
def test_a_cell_is_that_of_the_law(shifts: tuple[int, int, int]) -> None:
    machine = machine_of({"products": 2}, shifts, (1, 64, 64))
    dut, found = StateLane(machine), []

    async def run(ctx: Any) -> None:
        for place in range(len(CELLS) + CELL_STAGE - 3):
            if place < len(CELLS):
                cell, loss, *products = CELLS[place]
                ctx.set(dut.cell, cell)
                ctx.set(dut.loss, loss)
                for number, (row, column) in enumerate(products):
                    ctx.set(dut.rows[number], row)
                    ctx.set(dut.columns[number], column)
            await ctx.tick()
            found.append((ctx.get(dut.new_cell), ctx.get(dut.clipped)))

    simulate(dut, run)
    unit, wanted = machine.matrix, []
    for cell, loss, *products in CELLS:
        exact, new = (new_cell(cell, loss, products, decay_fraction=unit.decay_fraction,
                               product_shift=unit.product_shift, limit=limit)
                      for limit in (1 << 60, LIMIT))
        wanted.append((new, int(new != exact)))
    assert found[CELL_STAGE - 3:] == wanted
    assert {clipped for _, clipped in wanted} == {0, 1}


def test_saturation_is_symmetric() -> None:
    m, value = Module(), Signal(signed(8))
    word, clipped = saturated(value, 4)
    shown, was = Signal(signed(4)), Signal()
    m.d.comb += [shown.eq(word), was.eq(clipped)]

    async def run(ctx: Any) -> None:
        for number in range(-128, 128):
            ctx.set(value, number)
            nearest = max(-7, min(7, number))
            assert (ctx.get(shown), ctx.get(was)) == (nearest, int(nearest != number))
            await ctx.delay(1e-6)

    counted = Signal(2)
    m.d.sync += counted.eq(counted + 1)
    simulate(m, run)

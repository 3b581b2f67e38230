"""The matrix states against the law, cell by cell, at several sizes, with pauses everywhere."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.units.matrix import CELLS, MatrixStates
from sterna.machine.units.read import Read
from sterna_hw.matrix.unit import MatrixUnit
from sterna_hw.state_layouts import STATE_CLOCKS
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.matrix.model import Model, Pass, draw_pass

PASSES = 8
CASES = {
    "heads of 20": (dict(lanes=4, heads=2, rows=20, columns=20, products=2, by_columns=True),
                    (2, 20, 20)),
    "three heads": (dict(lanes=4, heads=3, rows=7, columns=10), (3, 7, 10)),
    "fewer than it has": (dict(lanes=8, heads=4, rows=30, columns=30, by_columns=True), (2, 3, 9)),
    "a lane": (dict(lanes=1, heads=2, rows=6, columns=3, by_columns=True, products=2), (2, 6, 3)),
    "a cell": (dict(lanes=2, heads=1, rows=1, columns=1, by_columns=True), (1, 1, 1)),
    "a column a head": (dict(lanes=2, heads=9, rows=4, columns=1), (9, 4, 1)),
    "three lanes": (dict(lanes=3, heads=2, rows=5, columns=8, decay=False, by_columns=True),
                    (2, 5, 8)),
}
LOUD = ("heads of 20", "three heads", "a lane", "a column a head")
SHIFTS = ((17, 12, 12), (24, 3, 1), (12, 24, 32), (17, 0, 0))


def machine_of(fields: dict[str, Any], shifts: tuple[int, int, int], shape: tuple[int, ...]
               ) -> Machine:
    """A token machine with such states, of which two fit."""
    base = PRESETS["small"]
    unit = MatrixStates(**fields, decay_fraction=shifts[0], product_shift=shifts[1],
                        read_shift=shifts[2], operand_depth=32)
    words = unit.words(*shape)
    unit = MatrixStates(**{**fields, "depth": 2 * words + 1}, decay_fraction=shifts[0],
                        product_shift=shifts[1], read_shift=shifts[2], operand_depth=32)
    return base.having(units=(*base.units, unit, Read()))


def groups(values: list[int], lanes: int) -> list[list[int]]:
    """Padding is not zero: it means nothing."""
    padded = values + [-5] * (-len(values) % lanes)
    return [padded[place:place + lanes] for place in range(0, len(padded), lanes)]


def command(machine: Machine, shape: tuple[int, int, int], given: Pass, **more: int
            ) -> dict[str, int]:
    (heads, rows, columns), lanes, unit = shape, machine.vector.lanes, machine.matrix
    return {
        "heads": heads, "rows": rows, "columns": columns, "heads_groups": -(-heads // lanes),
        "rows_groups": -(-heads * rows // lanes), "columns_groups": -(-heads * columns // lanes),
        "products": given.products, "read": int(given.read), "store": int(given.store),
        **({"decay": given.decay} if unit.decay else {}),
        **({"by_columns": int(given.by_columns)} if unit.by_columns else {}), **more}


@pytest.mark.parametrize("density", [1.0, 0.4])
@pytest.mark.parametrize("name", CASES)
def test_passes_are_those_of_the_law(name: str, density: float) -> None:
    """Two states in turn, in every RUN; then the cells are what READ gives, and can be written."""
    fields, shape = CASES[name]
    number = list(CASES).index(name)
    machine = machine_of(fields, SHIFTS[number % len(SHIFTS)], shape)
    draw, lanes = random.Random(number), machine.vector.lanes
    words = machine.matrix.words(*shape)
    models = [Model(machine, *shape) for _ in range(2)]
    commands, operands, wanted = [{"clear": 1}], [], []
    for place in range(PASSES):
        given, model = draw_pass(draw, machine, shape), models[place % 2]
        result = model.run(given)
        commands.append(command(machine, shape, given, offset=words if place % 4 == 3 else 0,
                                advance={0: words, 1: 0}.get(place % 4, 0)))
        # In turn: 0, then 0 + words by advance, then (after begin) 0, and words by offset.
        operands += [group for values in given.operands for group in groups(values, lanes)]
        wanted += [group if len(group) == lanes else group + [0] * (lanes - len(group))
                   for first in range(0, len(result), lanes)
                   for group in [result[first:first + lanes]]]
    dut = MatrixUnit(machine)
    received = Receiver(dut.results, len(wanted), seed=5, density=density)
    kept: list[Any] = []
    clipped = [0]

    async def run(ctx: Any) -> None:
        """RUNs of two passes, and READ after the last."""
        for place, fields in enumerate(commands):
            if place % 2:
                await idle(ctx)
                ctx.set(dut.begin, 1)
                await ctx.tick()
                ctx.set(dut.begin, 0)
            await sender(dut.commands, [fields], seed=place, density=density)(ctx)
        await idle(ctx)
        port = getattr(dut, CELLS)
        found = sum((model.words() for model in models), [])
        for word in range(2 * words):
            kept.append(await read(ctx, port, word))
        assert kept == [pack_cells(machine, cells) for cells in found]
        await write(ctx, port, 0, kept[-1] ^ 1)
        assert await read(ctx, port, 0) == kept[-1] ^ 1

    async def idle(ctx: Any) -> None:
        for _ in range(3):
            await ctx.tick()
        while not ctx.get(dut.idle):
            await ctx.tick()

    async def count(ctx: Any) -> None:
        while True:
            *_, more = await ctx.tick().sample(dut.clipped)
            clipped[0] += more

    simulate(dut, run, sender(dut.operands, operands, seed=2, density=density), received,
             background=[count])
    assert received.values == wanted
    assert clipped[0] == sum(model.clipped for model in models)
    assert clipped[0] or name not in LOUD


def pack_cells(machine: Machine, cells: list[int]) -> int:
    bits = machine.vector.word_bits
    return sum((cell & (1 << bits) - 1) << bits * lane for lane, cell in enumerate(cells))


async def read(ctx: Any, port: Any, word: int) -> int:
    ctx.set(port.word, word)
    ctx.set(port.read, 1)
    await ctx.tick().repeat(STATE_CLOCKS)
    value = ctx.get(port.value)
    ctx.set(port.read, 0)
    return value


async def write(ctx: Any, port: Any, word: int, data: int) -> None:
    ctx.set(port.word, word)
    ctx.set(port.data, data)
    ctx.set(port.write, 1)
    await ctx.tick()
    ctx.set(port.write, 0)

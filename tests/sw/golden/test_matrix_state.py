"""Passes over matrix states: the golden executor against plain integers of the law."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.golden.executor import GoldenExecutor
from sterna.law.matrix_state import new_cell, read_out
from sterna.machine.presets import PRESETS
from sterna.machine.units.matrix import MatrixStates
from sterna.program.definition import Parameters, Program, VectorFormat
from sterna.program.instructions import Element, Kernel, Section, Unit
from sterna.program.matrix_state import MatrixState, StateFormat
from sterna.program.printing import format_program
from sterna.program.validate import validate_program

from tests.hw.matrix.model import LIMIT, Model, draw_pass

SHAPE = StateFormat(heads=3, rows=5, columns=4, fraction=6, decay_fraction=16, product_shift=3,
                    read_shift=5)
LENGTHS = {"rows": 15, "more": 15, "columns": 12, "others": 12, "heads": 3}
OVER: dict[str, Any] = {"state": "S", "format": SHAPE}
ALL = MatrixState(**OVER, decay="rows", products=(("rows", "columns"), ("more", "others")),
                  read="more", result="y")


def program(*items: MatrixState, result: int = 12, **changes: Any) -> Program:
    """The vectors are parts of the input, one after the other; x is the residual stream."""
    total = sum(LENGTHS.values())
    vectors = {name: VectorFormat(length=length, fraction=0) for name, length in LENGTHS.items()}
    vectors |= {"x": VectorFormat(length=total, fraction=0, lifetime="carried"),
                "y": VectorFormat(length=result, fraction=0, lifetime="carried")}
    enter = Kernel(name="enter", length=total, body=(
        Element(result="x", a="input", multiplier=Unit(1)),))
    return Program(
        name="test", word_bits=18, input_length=total, rows=0, results=("y",),
        sections=(Section(name="main", items=(enter, *items)),),
        vectors=vectors | changes.pop("vectors", {}), matrices={}, tables={},
        parameters=Parameters(), **changes)


class Parts(GoldenExecutor):
    """Gives passes their operands directly: each is a vector of lifetime state."""

    def run_pass(self, operands: dict[str, list[int]]) -> np.ndarray:
        state = self.snapshot()
        self.restore(state | {f"main[0].{name}": np.array([values])
                              for name, values in operands.items()})
        return self.run(np.zeros((1, self.program.input_length), np.int64))["y"][0]


def parts_program(item: MatrixState, lengths: dict[str, int], result: int) -> Program:
    """A program of one pass, whose operands are states that somebody writes."""
    total = 1
    vectors = {name: VectorFormat(length=length, fraction=0, lifetime="state")
               for name, length in lengths.items()}
    vectors["y"] = VectorFormat(length=result, fraction=0, lifetime="carried")
    keep = tuple(Kernel(name=name, length=length, body=(
        Element(result=name, a=name, multiplier=Unit(1)),)) for name, length in lengths.items())
    first = Kernel(name="y", length=result, body=(Element(
        result="y", a="y", multiplier=Unit(0)),)) if item.read is None else None
    items = (*keep, *((first,) if first else ()), item)
    return Program(
        name="test", word_bits=18, input_length=total, rows=0, results=("y",),
        sections=(Section(name="main", items=items),), vectors=vectors, matrices={}, tables={},
        parameters=Parameters())


@pytest.mark.parametrize("seed", range(12))
def test_a_pass_is_that_of_the_law(seed: int) -> None:
    """Three RUNs of one pass of any kind, with small words and the largest."""
    draw = random.Random(seed)
    shape = draw.randint(1, 3), draw.randint(1, 6), draw.randint(1, 6)
    heads, rows, columns = shape
    shifts = draw.choice([(17, 12, 12), (24, 3, 1), (12, 24, 32), (17, 0, 0)])
    unit = MatrixStates(heads=3, rows=6, columns=6, products=2, by_columns=True,
                        decay_fraction=shifts[0], product_shift=shifts[1], read_shift=shifts[2])
    machine = PRESETS["tiny"].having(units=(*PRESETS["tiny"].units, unit))
    first = draw_pass(draw, machine, shape)
    while not first.read:
        first = draw_pass(draw, machine, shape)
    names = [f"v{place}" for place in range(len(first.operands))]
    left = list(names)
    decay = left.pop(0) if first.decay else None
    products = tuple((left.pop(0), left.pop(0)) for _ in range(first.products))
    found = StateFormat(heads=heads, rows=rows, columns=columns, decay_fraction=shifts[0],
                        product_shift=shifts[1], read_shift=shifts[2])
    item = MatrixState(state="S", format=found, decay=decay, products=products, read=left[0],
                       by="columns" if first.by_columns else "rows", result="y",
                       store=first.store)
    executor = Parts(parts_program(
        item, {name: len(values) for name, values in zip(names, first.operands, strict=True)},
        item.read_lengths()[1]))
    model = Model(machine, *shape)
    for _ in range(3):
        operands = [[draw.choice((value, -value, value // 2)) for value in values]
                    for values in first.operands]
        given = replace(first, operands=operands)
        assert executor.run_pass(dict(zip(names, operands, strict=True))).tolist() == model.run(
            given)
        cells = executor.snapshot()["main[0].S"].reshape(shape).tolist()
        assert cells == model.cells
    assert executor.saturated().get("S", 0) == model.clipped


def test_ties_and_extremes_of_a_cell() -> None:
    shifts = {"decay_fraction": 12, "product_shift": 1, "limit": LIMIT}
    assert [new_cell(0, 0, [(value, 1)], **shifts) for value in (-3, -1, 1, 3)] == [-1, 0, 1, 2]
    assert new_cell(LIMIT, 0, [(LIMIT, LIMIT)], **shifts) == LIMIT
    assert new_cell(-LIMIT, 0, [(LIMIT, -LIMIT)], **shifts) == -LIMIT
    assert new_cell(-LIMIT, 0, [(-2, 1)], **shifts) == -LIMIT
    assert new_cell(1001, 1 << 12, [], **shifts) == 0  # all of it is lost
    assert new_cell(1001, 2 << 12, [], **shifts) == -1001
    # Less than half of the last bit is lost: the cell stays, see the law.
    assert [new_cell(cell, 2, [], **shifts) for cell in (1023, 1024, 1025)] == [1023, 1024, 1024]
    # One rounding: a half of the decay and a half of the product are a whole.
    assert new_cell(1, 1 << 11, [(1, 1)], **shifts) == 1
    assert read_out([1, 1], [1, 2], read_shift=1, limit=LIMIT) == 2
    assert read_out([LIMIT] * 9, [LIMIT] * 9, read_shift=17, limit=LIMIT) == LIMIT


@pytest.mark.parametrize(("item", "reason"), [
    (replace(ALL, products=ALL.products * 2), "4 products; a pass adds at most 2"),
    (replace(ALL, result=None), "read and result belong together"),
    (MatrixState(**OVER), "has no effect"),
    (MatrixState(**OVER, products=(("rows", "columns"),), store=False), "has no effect"),
    (replace(ALL, decay="others"), "vector others has 12 elements, not 15"),
    (replace(ALL, products=(("columns", "rows"),)), "vector columns has 12 elements, not 15"),
    (replace(ALL, by="columns"), "vector more has 15 elements, not 12"),
    (replace(ALL, state="x"), "state x has the name of a vector"),
    (replace(ALL, format=replace(SHAPE, decay_fraction=25)), "decay fraction of state S is 25"),
    (replace(ALL, format=replace(SHAPE, read_shift=-1)), "the read shift of state S is -1, not 0"),
    (replace(ALL, format=replace(SHAPE, columns=0)), "a state has at least one cell"),
])
def test_what_means_nothing_is_told(item: MatrixState, reason: str) -> None:
    state = {name: VectorFormat(length=length, fraction=0, lifetime="state")
             for name, length in LENGTHS.items()}
    with pytest.raises(InputError, match=r"section main, item 1 \(") as caught:
        validate_program(program(item, vectors=state))
    assert reason in str(caught.value)


def test_all_passes_see_the_same_state() -> None:
    state = {name: VectorFormat(length=length, fraction=0, lifetime="state")
             for name, length in LENGTHS.items()}
    other = replace(ALL, format=replace(SHAPE, product_shift=4))
    with pytest.raises(InputError, match=r"state S is 3 x \[5, 4\] with fraction 6 and shifts"):
        validate_program(program(ALL, other, vectors=state))
    validate_program(program(ALL, ALL, vectors=state))


def test_the_listing_tells_a_pass() -> None:
    shown = format_program(program(ALL, replace(ALL, decay=None, products=(), store=False)))
    assert ("S, 3 x [5, 4]: S - S * rows >> 16 + (rows x columns + more x others) >> 3\n"
            "         y = more . S >> 5 by rows") in shown
    assert "S, 3 x [5, 4]: S, not stored" in shown



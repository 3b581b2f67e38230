"""Passes over a matrix state in plain integers, cell by cell, from the law."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from sterna.law.matrix_state import new_cell, read_out
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import Decay

LIMIT = (1 << 17) - 1


@dataclass
class Pass:
    """A command with its operands, as lists of elements, and its results after `Model.run`."""

    decay: Decay
    products: int
    read: bool
    by_columns: bool
    store: bool
    operands: list[list[int]]


class Model:
    """The cells of a state, [heads][rows][columns], 0 at first, and what was clipped so far."""

    def __init__(self, machine: Machine, heads: int, rows: int, columns: int) -> None:
        self.unit, self.shape = machine.matrix, (heads, rows, columns)
        self.cells = [[[0] * columns for _ in range(rows)] for _ in range(heads)]
        self.clipped = 0

    def run(self, given: Pass) -> list[int]:
        """The results of a pass, head after head."""
        heads, rows, columns = self.shape
        operands, found = list(given.operands), []
        loss = operands.pop(0) if given.decay else [0] * (heads * rows)
        if given.decay is Decay.HEAD:
            loss = [loss[head] for head in range(heads) for _ in range(rows)]
        pairs = [(operands.pop(0), operands.pop(0)) for _ in range(given.products)]
        after = []
        for head in range(heads):
            def cell(i: int, j: int, head: int = head) -> int:
                down, across = head * rows + i, head * columns + j
                return self._clip(new_cell, self.cells[head][i][j], loss[down],
                                  [(a[down], b[across]) for a, b in pairs],
                                  decay_fraction=self.unit.decay_fraction,
                                  product_shift=self.unit.product_shift)
            after.append([[cell(i, j) for j in range(columns)] for i in range(rows)])
        if given.read:
            for head, new in enumerate(after):
                lines = new if given.by_columns else [list(line) for line in zip(*new, strict=True)]
                size = len(lines[0])
                factors = operands[0][head * size:head * size + size]
                found += [self._clip(read_out, factors, line, read_shift=self.unit.read_shift)
                          for line in lines]
        if given.store:
            self.cells = after
        return found

    def _clip(self, law: Any, *values: Any, **shifts: int) -> int:
        exact = law(*values, **shifts, limit=1 << 70)
        self.clipped += abs(exact) > LIMIT
        return law(*values, **shifts, limit=LIMIT)

    def words(self) -> list[list[int]]:
        """The cells as the memory has them: strip by strip, padded."""
        lanes, found = self.unit.lanes, []
        for head in self.cells:
            for first in range(0, self.shape[2], lanes):
                found += [(row[first:first + lanes] + [0] * lanes)[:lanes] for row in head]
        return found


def draw_pass(draw: random.Random, machine: Machine, shape: tuple[int, int, int]) -> Pass:
    """Of any kind that the machine is built for; some words are small, some the largest."""
    unit, (heads, rows, columns) = machine.matrix, shape
    decay = draw.choice(list(Decay)) if unit.decay else Decay.NONE
    products, by_columns = draw.randint(0, unit.products), unit.by_columns and draw.random() < .5
    read = draw.random() < .8
    down, across = heads * rows, heads * columns
    lengths = [heads if decay is Decay.HEAD else down] if decay else []
    lengths += [down, across] * products
    lengths += [across if by_columns else down] * read
    operands = []
    for place, length in enumerate(lengths):
        kind = draw.choice(("small", "middle", "extreme"))
        most = {"small": 9, "middle": 4000, "extreme": LIMIT}[kind]
        values = [draw.choice((-most, most)) if draw.random() < .3 else draw.randint(-most, most)
                  for _ in range(length)]
        if place == 0 and decay and kind == "middle":
            values = [abs(value) * 16 for value in values]
        operands.append(values)
    return Pass(decay, products, read, bool(by_columns), draw.random() < .8, operands)

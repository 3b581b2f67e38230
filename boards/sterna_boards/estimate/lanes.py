"""An engine of so many lanes, in the rows and columns that are fastest."""

from __future__ import annotations

from sterna.compiler.fit import Embedding
from sterna.errors import InputError
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.machine import Machine
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.model import estimate

_MOST_LANES = 4096


def choose_lanes(board: Board, program: Program, base: Machine, lanes: int,
                 embedding: Embedding = "auto", clock_hz: float | None = None) -> Machine:
    """The fastest engine of so many lanes, whether or not it fits.

    Rows and columns are chosen, everything else is that of ``base``; the clock is the board's own
    when not given. Raises `InputError` when none has so many lanes.
    """
    shapes = [shape for shape in _shapes(base) if shape.ternary.lanes == lanes]
    if not shapes:
        raise InputError(
            f"lanes: {lanes} are not rows (a multiple of {base.vector.lanes}) times columns of "
            f"{base.ternary.lane}; give another number, or --rows and --columns")
    found = [estimate(board, program, shape, embedding, clock_hz) for shape in shapes]
    return min(found, key=lambda one: one.speed.cycles).machine


def _shapes(base: Machine) -> list[Machine]:
    """Engines of common shapes, up to `_MOST_LANES`."""
    shapes = []
    columns = 3 * base.vector.lanes if base.ternary.has_tables else max(2, base.vector.lanes)
    while columns <= _MOST_LANES // base.vector.lanes:
        code_depth = -(-base.ternary.code_depth // columns) * columns
        for multiple in (1, 2, 3, 4, 6, 8, 12, 16):
            rows = multiple * base.vector.lanes
            if rows <= 2 * columns and rows * columns <= _MOST_LANES:
                shapes.append(base.having(rows=rows, columns=columns, code_depth=code_depth,
                                      accumulator_bits=signed_bits(reach(full(code_depth)))))
        columns *= 2
    return shapes

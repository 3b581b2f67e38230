"""The largest engine that a board has room and time for."""

from __future__ import annotations

from sterna.compiler.fit import Embedding
from sterna.errors import InputError
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.machine import Machine
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import estimate_area
from sterna_boards.estimate.model import estimate
from sterna_boards.estimate.room import ROUTABLE

_MOST_LANES = 4096
_UNFITTED = 1.2
"""How much larger than fitted to a program a shape may be, before it is left out unseen."""


def choose_lanes(board: Board, program: Program, base: Machine,
                 lanes: int | None = None, embedding: Embedding = "auto",
                 clock_hz: float | None = None) -> Machine:
    """The largest engine that fits the board and meets the clock, or of ``lanes`` the fastest.

    Rows and columns are chosen, everything else is that of ``base``; the clock is the board's own
    when not given. What clock an engine meets is `sterna_boards.estimate.area.expected_mhz`, fitted
    to the measured builds; on a family without builds only the area counts. Raises `InputError`
    when no engine fits and meets the clock, or none has so many lanes.
    """
    wanted_mhz = (clock_hz or board.clock_hz) / 1e6
    shapes: dict[int, list[Machine]] = {}
    for shape in _shapes(base):
        if lanes is None or shape.ternary.lanes == lanes:
            shapes.setdefault(shape.ternary.lanes, []).append(shape)
    if not shapes:
        raise InputError(
            f"lanes: {lanes} are not rows (a multiple of {base.vector.lanes}) times columns of "
            f"{base.ternary.lane}; give another number, or --rows and --columns")
    for count in sorted(shapes, reverse=True):
        most = _UNFITTED * ROUTABLE * board.capacity.luts
        likely = [shape for shape in shapes[count]
                  if lanes or estimate_area(board.family, shape).luts <= most]
        found = [estimate(board, program, shape, embedding, clock_hz) for shape in likely]
        fitting = [one for one in found if lanes or (
            one.fits and (one.expected_mhz is None or one.expected_mhz >= wanted_mhz))]
        if fitting:
            return min(fitting, key=lambda one: one.speed.cycles).machine
    raise InputError(
        f"{board.name}: no engine fits and reaches {wanted_mhz:g} MHz with vector_lanes = "
        f"{base.vector.lanes}; give fewer, a slower clock or a smaller model")


def _shapes(base: Machine) -> list[Machine]:
    """Engines of common shapes, up to `_MOST_LANES`."""
    shapes = []
    columns = 3 * base.vector.lanes if base.ternary.lane == "tables" else max(2, base.vector.lanes)
    while columns <= _MOST_LANES // base.vector.lanes:
        code_depth = -(-base.ternary.code_depth // columns) * columns
        for multiple in (1, 2, 3, 4, 6, 8, 12, 16):
            rows = multiple * base.vector.lanes
            if rows <= 2 * columns and rows * columns <= _MOST_LANES:
                shapes.append(base.having(rows=rows, columns=columns, code_depth=code_depth,
                                      accumulator_bits=signed_bits(reach(full(code_depth)))))
        columns *= 2
    return shapes

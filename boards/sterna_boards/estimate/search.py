"""The machine of a board that gives the most RUNs a second at the user's end, for a program.

The way is a steepest ascent over rows, columns, kind of lane, vector lanes, words of the head,
block groups and the place of embedding rows and weights, from the board's own shape and from small
ones. What limits at the user's end is asked of the models of `sterna_boards.estimate.model`: of
machines that are as fast there the engine's rate counts, and of engines as fast the area.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sterna.compiler.fit import Embedding
from sterna.compiler.rows import row_groups
from sterna.errors import InputError
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import MOST_BLOCK_GROUPS
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import TWIN_FAMILIES, estimate_area, expected_mhz
from sterna_boards.estimate.model import Estimate, estimate
from sterna_boards.estimate.room import ROUTABLE

EXPECTED_SHARE = 0.95
"""Of a clock that the model must expect: the slowest tracked build exceeds it by as much."""
SLOWER = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
"""Shares of a board's clock at which an engine is looked at."""
AS_FAST = 0.005
"""What of the rate a smaller machine may lack."""
_UNFITTED = 1.2
"""How much larger than fitted to a program a shape may be, before it is left out unseen."""
_SIZES = tuple(1 << power for power in range(11))
_BLOCKS = (4, 8, 16)
_LONG_BLOCKS = {"adders": (), "tables": (64, 128), "twin_tables": ()}


@dataclass(frozen=True)
class Point:
    """What is chosen; the rest of a machine is the base's. ``source`` is the number of a base."""

    source: int
    lane: str
    rows: int
    columns: int
    vector_lanes: int
    head_words: int
    block_groups: int
    on_chip: bool
    """Whether embedding rows are on the chip."""


@dataclass(frozen=True)
class Found:
    """The best machine, and the front: each faster than all that are smaller, smallest first."""

    best: Estimate
    front: tuple[Estimate, ...]
    seen: int
    """Machines that were estimated."""

    @property
    def machine(self) -> Machine:
        """The best, fitted."""
        return self.best.machine

    def rows(self) -> list[dict[str, object]]:
        """The front as JSON has it."""
        return [{
            "lanes": one.lanes, "rows": one.machine.ternary.rows,
            "columns": one.machine.ternary.columns, "lane": one.machine.ternary.lane,
            "vector_lanes": one.machine.vector.lanes, "head_words": one.machine.head.head_words,
            "block_groups": one.machine.ternary.block_groups, "embedding": one.embedding,
            "memory": one.machine.memory_name, "clock_mhz": one.clock_mhz, "luts": one.luts,
            "tokens_per_second": one.speed.a_second,
            "tokens_per_second_over_link": one.speed.a_second_over_link,
        } for one in self.front]


def reachable_clock(board: Board, machine: Machine) -> float | None:
    """The board's clock, or the fastest share of it, that the model expects; None for none of them.

    That of an SDRAM is fixed. A family without builds has every clock.
    """
    usual = float(machine.sdram.hz if machine.driven else board.clock_of(machine))
    mhz = expected_mhz(board.family, machine, estimate_area(board.family, machine).luts)
    shares = SLOWER[:1] if machine.driven else SLOWER
    return next((share * usual for share in shares
                 if mhz is None or mhz * 1e6 >= EXPECTED_SHARE * share * usual), None)


def lane_kinds(board: Board) -> tuple[str, ...]:
    """What lanes of a board can be made of: of both kinds of tables the better one."""
    return "adders", "twin_tables" if board.family in TWIN_FAMILIES else "tables"


def whole_groups(lane: str, rows: int, columns: int, lanes: int) -> tuple[int, int]:
    """The nearest rows and columns that are of whole groups of so many vector lanes."""
    rows = -(-rows // lanes) * lanes
    if lane != "adders":
        return rows, -(-columns // (3 * lanes)) * 3 * lanes
    return rows, next(size for size in (*_SIZES, 1 << 14)
                      if size >= max(2, lanes, min(columns, 1 << 14)))


def search(board: Board, program: Program, bases: list[Machine], embedding: Embedding = "auto",
           clock_hz: float | None = None) -> Found:
    """The best of what fits, and the front of tokens a second against look-up tables.

    ``bases`` differ in their memory. The clock is the board's own, or as much slower as the engine
    needs, when not given. Raises `InputError` when nothing fits and meets the clock.
    """
    there = _Search(board, program, bases, embedding, clock_hz)
    for start in there.starts():
        there.climb(start)
    if not there.fitting:
        lanes = bases[0].vector.lanes
        wanted = (clock_hz or board.clock_hz) / 1e6
        raise InputError(
            f"{board.name}: no engine fits and reaches {wanted:g} MHz from vector_lanes = {lanes} "
            f"on; give a slower clock or a smaller model")
    return there.found()


class _Search:
    def __init__(self, board: Board, program: Program, bases: list[Machine],
                 embedding: Embedding, clock_hz: float | None) -> None:
        self._board, self._program, self._bases = board, program, bases
        self._embedding: Embedding = embedding
        self._clock_hz = clock_hz
        self._kinds = lane_kinds(board)
        self._seen: dict[Point, Estimate | None] = {}

    @property
    def fitting(self) -> list[Estimate]:
        """What was estimated, fits and meets its clock."""
        return [one for one in self._seen.values() if one is not None]

    def starts(self) -> Iterator[Point]:
        """The board's own shape and the smallest ones, with every memory."""
        for number, base in enumerate(self._bases):
            own = Point(number, base.ternary.lane, base.ternary.rows, base.ternary.columns,
                        base.vector.lanes, base.head.head_words, base.ternary.block_groups,
                        self._embedding == "chip")
            yield own
            for lane in self._kinds:
                for lanes in (1, 4):
                    yield _repaired(replace(
                        own, lane=lane, rows=lanes, columns=lanes, vector_lanes=lanes,
                        head_words=1,
                        block_groups=min(own.block_groups, MOST_BLOCK_GROUPS[lane])))

    def climb(self, start: Point) -> None:
        """To the best that its neighbours lead to; smaller ones that are as fast after it."""
        at, rate = start, _rate(self._estimate(start))
        while True:
            best = max(self._neighbours(at), key=lambda one: _rate(self._estimate(one)))
            if _rate(self._estimate(best)) <= rate:
                break
            at, rate = best, _rate(self._estimate(best))
        self._shrink(at)

    def _shrink(self, at: Point) -> None:
        found = self._estimate(at)
        while found is not None:
            smaller = [(one.luts, number, point) for number, point in
                       enumerate(self._neighbours(at)) for one in [self._estimate(point)]
                       if one is not None and one.luts < found.luts and _as_fast(one, found)]
            if not smaller:
                return
            at = min(smaller)[2]
            found = self._estimate(at)

    def found(self) -> Found:
        """Of all that was seen."""
        fastest = max(self.fitting, key=_rate)
        best = min((one for one in self.fitting if _as_fast(one, fastest)),
                   key=lambda one: (one.luts, -_rate(one)[0]))
        front: list[Estimate] = []
        for one in sorted(self.fitting, key=lambda one: (one.luts, [-part for part in _rate(one)])):
            if not front or _rate(one) > _rate(front[-1]):
                front.append(one)
        return Found(best, tuple(front), len(self._seen))

    def _neighbours(self, at: Point) -> list[Point]:
        """One step in every direction, and both sides of the engine, or all widths, at once."""
        steps: dict[Point, None] = {}

        def add(**changes: object) -> None:
            point = _repaired(replace(at, **changes))
            if point != at:
                steps[point] = None

        for factor in (2, 0.5):
            def times(size: int, factor: float = factor) -> int:
                return max(1, int(size * factor))

            for names in (("rows",), ("columns",), ("vector_lanes",), ("head_words",),
                          ("rows", "vector_lanes"), ("rows", "columns")):
                add(**{name: times(getattr(at, name)) for name in names})
        add(rows=at.rows * 2, columns=max(1, at.columns // 2))
        add(rows=max(1, at.rows // 2), columns=at.columns * 2)
        add(rows=at.rows * 3 // 2)
        add(head_words=at.vector_lanes)
        for lane in self._kinds:
            add(lane=lane, block_groups=min(at.block_groups, MOST_BLOCK_GROUPS[lane]))
        for groups in (*_BLOCKS, *_LONG_BLOCKS[at.lane]):
            add(block_groups=groups)
        if self._program.rows and self._embedding == "auto":
            add(on_chip=not at.on_chip)
        return [*steps]

    def _estimate(self, point: Point) -> Estimate | None:
        """None for what is no machine, does not fit, or does not meet the clock."""
        if point not in self._seen:
            try:
                self._seen[point] = self._fitting(point)
            except InputError:
                self._seen[point] = None
        return self._seen[point]

    def _fitting(self, point: Point) -> Estimate | None:
        board, shape = self._board, self._machine(point)
        most = _UNFITTED * ROUTABLE * board.capacity.luts
        if estimate_area(board.family, shape).luts > most:
            return None
        where: Embedding = "chip" if point.on_chip else self._embedding
        clock = self._clock_hz or reachable_clock(board, shape)
        if clock is None:
            return None
        found = estimate(board, self._program, shape, where, clock)
        if not found.fits or point.on_chip and found.embedding != "chip":
            return None
        mhz = found.expected_mhz
        return found if mhz is None or mhz >= EXPECTED_SHARE * found.clock_mhz else None

    def _machine(self, point: Point) -> Machine:
        base = self._bases[point.source]
        depth = -(-base.ternary.code_depth // point.columns) * point.columns
        shape = base.having(
            lane=point.lane, rows=point.rows, columns=point.columns,
            vector_lanes=point.vector_lanes, head_words=point.head_words,
            block_groups=point.block_groups, code_depth=depth,
            accumulator_bits=max(base.ternary.accumulator_bits, signed_bits(reach(full(depth)))))
        if point.on_chip:
            depth = self._program.rows * row_groups(self._program, shape)
            shape = shape.having(input_depth=depth)
        return shape


def _repaired(point: Point) -> Point:
    """The nearest that is a machine: whole groups in rows and columns."""
    lanes = max(1, point.vector_lanes)
    rows, columns = whole_groups(point.lane, point.rows, point.columns, lanes)
    return replace(point, rows=rows, columns=columns, vector_lanes=lanes,
                   head_words=max(1, min(point.head_words, lanes)))


def _rate(found: Estimate | None) -> tuple[float, float]:
    """At the user's end, and the engine's; what was not found is slower than everything."""
    return (0.0, 0.0) if found is None else (found.speed.a_second_over_link, found.speed.a_second)


def _as_fast(one: Estimate, other: Estimate) -> bool:
    """Within `AS_FAST`, at the user's end and in the engine."""
    return all(mine >= (1 - AS_FAST) * best
               for mine, best in zip(_rate(one), _rate(other), strict=True))

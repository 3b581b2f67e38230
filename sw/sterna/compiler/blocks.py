"""Choice of the blocks in which a kernel consumes its accumulators.

A block of K row groups takes ``T * m * K`` clocks in the engine (T column tiles, m matrices), and
with table lanes some more for each tile, or at least some for each; its results leave during the
last ``m * K`` of them, and the vector unit then runs the kernel's body over the block. Three wishes
compete: the first block should be wide, because the quantiser needs ``columns / vector_lanes``
clocks for the codes of a tile and only that many weight words hide it; the others should be wide
enough that dependent instructions do not wait for each other; the last ones should be narrow,
because after the last accumulate only the body's own time remains.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.sequencer import INSTRUCTION_CLOCKS
from sterna.machine.units.ternary import groups_per_row_group, groups_per_tile
from sterna.machine.units.vector import vector_latency
from sterna.program.instructions import Operation, second_operand

_ALL_WIDTHS = 16
"""Up to so many a choice is made among all."""
RUN_COST = 1
"""Clocks that a further run of blocks must save; each costs instructions."""


@dataclass(frozen=True)
class Run:
    """``blocks`` equal blocks of ``groups`` row groups (of each matrix)."""

    groups: int
    blocks: int


@dataclass(frozen=True)
class BlockProblem:
    """What the choice depends on.

    ``row_groups``, ``tiles``, ``matrices``: shape of the work. ``fill``: clocks in which the
    quantiser delivers a tile's codes. ``turn``: clocks between two tiles in the engine. ``least``:
    fewest clocks from one tile to the next. ``body``: clocks of the vector unit for a block of 1,
    2, … row groups. ``exposed``: whether the engine has nothing else to do after the last block.
    ``planes``: passes of the engine over a tile.
    """

    row_groups: int
    tiles: int
    matrices: int
    fill: int
    turn: int
    least: int
    body: tuple[int, ...]
    exposed: bool
    planes: int = 1


def body_clocks(body: tuple[Operation, ...], groups: int, latency: int) -> int:
    """Issue clocks of a kernel's body over ``groups`` vector groups, with its waits."""
    free, before, starts = 0, -INSTRUCTION_CLOCKS, {}
    for operation in body:
        start = max(free, before + INSTRUCTION_CLOCKS)
        writers = [starts[name] for name in (operation.a, second_operand(operation))
                   if name in starts]
        if writers and start - max(writers) < latency:
            start = max(start, free + latency - groups)
        if operation.result is not None:
            starts[operation.result] = start
        before, free = start, start + groups
    return free


def _finish(problem: BlockProblem, runs: tuple[Run, ...]) -> tuple[int, int]:
    """Clock in which the last block's body ends, and clocks of all bodies and of the first fill."""
    engine = finish = 0
    passes = problem.matrices * problem.planes
    busy = problem.tiles * max(0, problem.fill - runs[0].groups * passes)
    fresh = True
    for run in runs:
        width, results = run.groups * passes, run.groups * problem.matrices
        tile = max(width + problem.turn, problem.least)
        first = problem.tiles * (max(tile, problem.fill) if fresh else tile)
        # A single tile stays what it is from block to block.
        words = problem.tiles * tile if problem.tiles > 1 else width
        body = problem.body[run.groups - 1]
        fresh = False
        # The engine ends block i at ready + i * words; its results can be used that much earlier.
        ready = engine + first - results
        engine += first + (run.blocks - 1) * words
        last = engine - results
        finish = max(finish + run.blocks * body, ready + run.blocks * body, last + body)
        busy += run.blocks * body
    # Turns take the engine's time from others; without any its time is the same for all choices.
    return finish, max(busy, engine) if problem.turn or problem.least else busy


def _candidates(problem: BlockProblem, limit: int) -> Iterator[tuple[Run, ...]]:
    total = problem.row_groups
    widths = _widths(limit, total)
    for wide in widths:
        if wide > total:
            continue
        if total % wide == 0:
            yield (Run(wide, total // wide),)
        for middle in widths:
            for middles in range(1, 4):
                left = total - middle * middles
                if left >= wide and left % wide == 0:
                    yield Run(wide, left // wide), Run(middle, middles)
                for narrow in (width for width in widths if width < middle):
                    for narrows in range(1, 3):
                        rest = left - narrow * narrows
                        if rest >= wide and rest % wide == 0:
                            yield Run(wide, rest // wide), Run(middle, middles), Run(
                                narrow, narrows)


def _widths(limit: int, total: int) -> list[int]:
    """Widths of blocks that are looked at: all, or of many those that divide the work evenly."""
    if limit <= _ALL_WIDTHS:
        return list(range(1, limit + 1))
    parts = {-(-total // count) for count in range(1, _ALL_WIDTHS)}
    powers = {1 << power for power in range(limit.bit_length())}
    return sorted(width for width in parts | powers | {limit} if width <= limit)


def _merged(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    merged: list[Run] = []
    for run in runs:
        if merged and merged[-1].groups == run.groups:
            merged[-1] = Run(run.groups, merged[-1].blocks + run.blocks)
        else:
            merged.append(run)
    return tuple(merged)


@lru_cache(maxsize=256)
def _choose(problem: BlockProblem) -> tuple[Run, ...]:
    limit = len(problem.body)

    def cost(runs: tuple[Run, ...]) -> tuple[int, int, int]:
        finish, busy = _finish(problem, runs)
        encoded = RUN_COST * len(runs)
        if problem.exposed:
            return finish + encoded, busy, encoded
        return busy + encoded, finish, encoded

    return min((_merged(runs) for runs in _candidates(problem, limit)), key=cost)


def choose_blocks(
    machine: Machine, *, rows: int, columns: int, matrices: int,
    body: tuple[Operation, ...], exposed: bool, planes: int = 1,
) -> tuple[Run, ...]:
    """Runs of blocks for a kernel of ``rows`` elements, or for the head when ``body`` is empty.

    Raises `InputError` when the accumulators cannot hold one row group of each matrix.
    """
    limit = min(machine.ternary.block_groups // matrices, -(-rows // machine.ternary.rows))
    if limit < 1:
        raise InputError(
            f"block_groups = {machine.ternary.block_groups} is less than the {matrices} matrices "
            "of one kernel; raise it"
        )
    per_row_group = groups_per_row_group(machine)
    clocks = tuple(
        body_clocks(body, groups * per_row_group, vector_latency(machine))
        if body else -(-groups * machine.ternary.rows // machine.head.head_words)
        for groups in range(1, limit + 1)
    )
    return _choose(BlockProblem(
        row_groups=-(-rows // machine.ternary.rows), tiles=-(-columns // machine.ternary.columns),
        matrices=matrices, planes=planes, fill=groups_per_tile(machine),
        turn=machine.ternary.tile_clocks, least=machine.ternary.least_tile_clocks,
        body=clocks, exposed=exposed,
    ))

"""Placements of several seeds at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sterna.progress import Progress
from sterna.work.choice import workers
from sterna.work.task import MEGABYTE, Task

from sterna_boards.board import Board

_LEAST_BYTES, _LUT_BYTES = 600 * MEGABYTE, 20_000
"""What place and route takes: of an ECP5-85F 2 GB."""


def build_bytes(board: Board) -> int:
    """Memory that a build for a board takes."""
    return _LEAST_BYTES + _LUT_BYTES * board.capacity.luts


def place_all(board: Board, netlist: Path, seeds: Sequence[int], count: int | None,
              tell: Progress) -> dict[int, str]:
    """Keep the placements of all seeds of a netlist in the cache; why there is none of some.

    A board that is not in the catalogue is left to who asked, as is a single seed. Raises
    `CheckError` when a tool fails, and when workers die of a seed.
    """
    from sterna_boards.catalogue import all_boards

    known = all_boards().get(board.name)
    if len(seeds) < 2 or known is None or board != (known.over_usb() if board.by_usb else known):
        return {}
    tasks = [Task(what=f"place and route of seed {seed}", call=(
        "sterna_boards.flows.open.build:place_seed"), memory=build_bytes(board), arguments={
            "board": board.name, "by_usb": board.by_usb, "netlist": str(netlist), "seed": seed})
        for seed in seeds]
    missed: dict[int, str] = {}
    tell("place and route", 0, len(tasks))
    with workers(count) as there:
        for number, done in enumerate(there.results(tasks, lambda: True)):
            reason = done.result()
            if reason is not None:
                missed[done.task.arguments["seed"]] = reason
            tell("place and route", number + 1, len(tasks))
    return missed

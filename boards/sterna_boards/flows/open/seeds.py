"""Placements of several seeds at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sterna.errors import InputError
from sterna.progress import Progress
from sterna.work.alike import Wanted
from sterna.work.choice import workers
from sterna.work.task import MEGABYTE, Task

from sterna_boards.board import Board
from sterna_boards.flows.open.tools import FLOW_TOOLS

_LEAST_BYTES, _LUT_BYTES = 600 * MEGABYTE, 20_000
"""What place and route takes: of an ECP5-85F 2 GB."""


def build_bytes(board: Board) -> int:
    """Memory that a build for a board takes."""
    return _LEAST_BYTES + _LUT_BYTES * board.capacity.luts


def tools_of(boards: Iterable[Board]) -> Wanted:
    """What workers must have that build for these boards."""
    names = dict.fromkeys(name for board in boards for name in FLOW_TOOLS[board.family])
    return Wanted("sterna_boards.flows.open.tools:versions_of", {"names": [*names]})


def place_all(board: Board, netlist: Path, placements: Mapping[int, str], count: int | None,
              on: str | None, tools: Wanted, tell: Progress) -> dict[int, str]:
    """Keep the placements of all seeds of a netlist in the cache; why there is none of some.

    ``placements`` are their places in the cache by seed; ``count`` and ``on`` as in
    `sterna.work.choice.workers`. A board that is not in the catalogue is left to who asked, as is a
    single seed on this machine. Raises `CheckError` when a tool fails, and when workers die of a
    seed; `InputError` for a cluster that cannot be used.
    """
    from sterna_boards.catalogue import all_boards

    known = all_boards().get(board.name)
    elsewhere = known is not None and board == (known.over_usb() if board.by_usb else known)
    if on is not None and not elsewhere:
        raise InputError(f"--on: {board.name} is no board of `sterna boards`, which workers have; "
                         "leave it out")
    if not elsewhere or len(placements) < (2 if on is None else 1):
        return {}
    tasks = [Task(what=f"place and route of seed {seed}", call=(
        "sterna_boards.flows.open.build:place_seed"), memory=build_bytes(board), arguments={
            "board": board.name, "by_usb": board.by_usb, "netlist": str(netlist), "seed": seed},
        files=("netlist",), makes=(place,))
        for seed, place in placements.items()]
    missed: dict[int, str] = {}
    tell("place and route", 0, len(tasks))
    with workers(count, on, tools) as there:
        for number, done in enumerate(there.results(tasks, lambda: True)):
            reason = done.result()
            if reason is not None:
                missed[done.task.arguments["seed"]] = reason
            tell("place and route", number + 1, len(tasks))
    return missed

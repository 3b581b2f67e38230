"""The boards that there are: Sterna's own, and those of installed packages.

A package adds a board by an entry point of the group ``sterna.boards``, whose object is a `Board`;
its name is what the user types, whatever the entry point is called. A file of the user's own that
makes one `Board` does without a package: its path, which ends with ``.py``, is what the user types.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from sterna.errors import FOREIGN, InputError, reason
from sterna.reading import read_bytes
from sterna.suggest import did_you_mean

from sterna_boards.board import Board
from sterna_boards.boards.alveo import ALVEO_U250, ALVEO_U280
from sterna_boards.boards.arty_a7 import ARTY_A7_100T
from sterna_boards.boards.colorlight_i9 import COLORLIGHT_I9
from sterna_boards.boards.d5005 import D5005
from sterna_boards.boards.ecpix5 import ECPIX5_85F
from sterna_boards.boards.icebreaker import ICEBREAKER
from sterna_boards.boards.kv260 import KV260
from sterna_boards.boards.orangecrab import ORANGECRAB_85F
from sterna_boards.boards.tang_nano_9k import TANG_NANO_9K
from sterna_boards.boards.tang_nano_20k import TANG_NANO_20K
from sterna_boards.boards.ulx3s import ULX3S_12F, ULX3S_85F

GROUP = "sterna.boards"
MOST_SOURCE = 1 << 20
"""Bytes of a user's file."""
BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        ULX3S_85F, ULX3S_12F, ORANGECRAB_85F, ECPIX5_85F, COLORLIGHT_I9, ICEBREAKER,
        TANG_NANO_9K, TANG_NANO_20K, ARTY_A7_100T, KV260, ALVEO_U250, ALVEO_U280, D5005,
    )
}
"""Sterna's own: those with open tools first."""


@cache
def all_boards() -> dict[str, Board]:
    """Every board by its name, Sterna's own first.

    Raises `InputError` naming the package and the entry point whose board cannot be loaded, is
    none, or has the name of another.
    """
    found = dict(BOARDS)
    for point in entry_points(group=GROUP):
        board = _load(point)
        if board.name in found:
            raise InputError(f"{_origin(point)}: there is a board {board.name!r} already; give it "
                             "another name, or uninstall it")
        found[board.name] = board
    return found


def find_board(name: str) -> Board:
    """The board of that name, or of that file; raises `InputError` that lists the names, or as
    `all_boards` does, or says what is wrong with the file.

    For a board of Sterna's own no other package is loaded.
    """
    if name.endswith(".py"):
        return _from_file(Path(name).resolve(), read_bytes(name, MOST_SOURCE))
    board = BOARDS.get(name) or all_boards().get(name)
    if board is None:
        raise InputError(f"no board is called {name!r}; there are {', '.join(all_boards())}"
                         f"{did_you_mean(name, all_boards())}")
    return board


@cache
def _from_file(path: Path, source: bytes) -> Board:
    """The one board that a file makes; it is executed once as long as it stays as it is."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        exec(compile(source, path, "exec"), vars(module))
    except FOREIGN as error:
        raise InputError(f"{path}: cannot be loaded: {reason(error)}") from error
    boards = {id(value): value for value in vars(module).values()
              if isinstance(value, Board) and value not in BOARDS.values()}
    if len(boards) != 1:
        raise InputError(f"{path}: makes {len(boards)} boards; it must make one "
                         "sterna_boards.board.Board")
    board = next(iter(boards.values()))
    if board.name in all_boards():
        raise InputError(f"{path}: there is a board {board.name!r} already; give it another name")
    if board.open_tools is None:
        return board
    tools = board.open_tools
    return replace(board, open_tools=replace(tools, sources=(path, *tools.sources)))


def _load(point: EntryPoint) -> Board:
    try:
        board = point.load()
    except FOREIGN as error:
        raise InputError(f"{_origin(point)} cannot be loaded: {reason(error)}; mend or uninstall "
                         "it") from error
    if not isinstance(board, Board):
        raise InputError(f"{_origin(point)} is no sterna_boards.board.Board but "
                         f"{type(board).__name__}; mend or uninstall it")
    return board


def _origin(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "a package"
    return f"{package}: its board {point.name} ({point.value})"

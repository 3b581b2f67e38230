"""The boards that there are: Sterna's own, and those of installed packages.

A package adds a board by an entry point of the group ``sterna.boards``, whose object is a `Board`;
its name is what the user types, whatever the entry point is called.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from sterna.errors import InputError
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
    """The board of that name; raises `InputError` that lists the names, or as `all_boards` does.

    For a board of Sterna's own no other package is loaded.
    """
    board = BOARDS.get(name) or all_boards().get(name)
    if board is None:
        raise InputError(f"no board is called {name!r}; there are {', '.join(all_boards())}"
                         f"{did_you_mean(name, all_boards())}")
    return board


def _load(point: EntryPoint) -> Board:
    try:
        board = point.load()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{_origin(point)} cannot be loaded: {reason}; mend or uninstall it"
                         ) from error
    if not isinstance(board, Board):
        raise InputError(f"{_origin(point)} is no sterna_boards.board.Board but "
                         f"{type(board).__name__}; mend or uninstall it")
    return board


def _origin(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "a package"
    return f"{package}: its board {point.name} ({point.value})"

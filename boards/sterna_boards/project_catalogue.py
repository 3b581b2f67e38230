"""The boards that projects are written for."""

from __future__ import annotations

from sterna.errors import InputError

from sterna_boards.board import Target
from sterna_boards.boards.alveo import ALVEO_U250, ALVEO_U280
from sterna_boards.boards.arty_a7 import ARTY_A7_100T
from sterna_boards.boards.d5005 import D5005
from sterna_boards.boards.kv260 import KV260
from sterna_boards.catalogue import BOARDS, find_board
from sterna_boards.project_board import ExportBoard

EXPORT_BOARDS: dict[str, ExportBoard] = {
    board.name: board for board in (ARTY_A7_100T, KV260, ALVEO_U250, ALVEO_U280, D5005)}


def find_export_board(name: str) -> ExportBoard:
    """The board of that name; raises `InputError` for another, with the way out."""
    if name in BOARDS:
        raise InputError(f"{name}: open tools make its bitstream; "
                         f"`sterna build MODEL --board {name}`")
    if name not in EXPORT_BOARDS:
        raise InputError(f"no board is called {name!r}; projects are written for "
                         f"{', '.join(EXPORT_BOARDS)}")
    return EXPORT_BOARDS[name]


def find_target(name: str) -> Target:
    """A board of either kind; raises `InputError` that lists the names."""
    if name in EXPORT_BOARDS:
        return EXPORT_BOARDS[name]
    if name not in BOARDS:
        raise InputError(f"no board is called {name!r}; there are "
                         f"{', '.join([*BOARDS, *EXPORT_BOARDS])}")
    return find_board(name)

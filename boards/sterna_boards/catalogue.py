"""The boards that there are."""

from __future__ import annotations

from sterna.errors import InputError

from sterna_boards.board import Board
from sterna_boards.boards.colorlight_i9 import COLORLIGHT_I9
from sterna_boards.boards.ecpix5 import ECPIX5_85F
from sterna_boards.boards.icebreaker import ICEBREAKER
from sterna_boards.boards.orangecrab import ORANGECRAB_85F
from sterna_boards.boards.tang_nano_9k import TANG_NANO_9K
from sterna_boards.boards.tang_nano_20k import TANG_NANO_20K
from sterna_boards.boards.ulx3s import ULX3S_12F, ULX3S_85F

BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        ULX3S_85F, ULX3S_12F, ORANGECRAB_85F, ECPIX5_85F, COLORLIGHT_I9, ICEBREAKER,
        TANG_NANO_9K, TANG_NANO_20K,
    )
}


def find_board(name: str) -> Board:
    """The board of that name; raises `InputError` that lists the names."""
    if name not in BOARDS:
        raise InputError(f"no board is called {name!r}; there are {', '.join(BOARDS)}")
    return BOARDS[name]

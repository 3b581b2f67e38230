"""Sterna's own boards by who makes their bitstreams."""

from __future__ import annotations

from sterna_boards.catalogue import BOARDS

OPEN_BOARDS = {name: board for name, board in BOARDS.items() if board.open_tools}
PROJECT_BOARDS = {name: board for name, board in BOARDS.items() if board.project}

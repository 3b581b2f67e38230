"""The accelerator on a board: what the options say, and else what the board gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights, lanes_of

from sterna.compiler.rows import Embedding
from sterna.errors import InputError
from sterna.families.common import Snapshots
from sterna.families.tokens.options import Lanes, Streams
from sterna.families.tokens.shape import check_embedding, with_shape
from sterna.machine.additions import with_snapshots

if TYPE_CHECKING:
    from sterna_boards.board import Board

    from sterna.machine.machine import Machine
    from sterna.program.definition import Program


@dataclass(frozen=True)
class BoardShape(Snapshots, Streams, Lanes, BoardLanes, BoardClock, Weights, Baud):
    """The options of a command."""

    @property
    def place(self) -> Embedding:
        """The checked choice of the embedding. Raises `InputError` for another word."""
        return check_embedding(self.embedding)

    @property
    def baked(self) -> bool:
        """Whether the bitstream has the weights."""
        return self.source == "baked"

    def clock_on(self, board: Board) -> float | None:
        """The wanted clock, None for the board's own; with an SDRAM the clock of both."""
        if self.clock_hz is None and self.source == "sdram":
            return board.sdram_machine().sdram.hz
        return self.clock_hz

    def machine(self, board: Board, program: Program) -> Machine:
        """The accelerator's shape; its depths are not fitted. Raises `InputError`."""
        from sterna_boards.estimate.lanes import choose_lanes

        clock_hz = self.clock_on(board)
        base = (board.sdram_machine(clock_hz)
                if self.source == "sdram" else board.machine())
        shape = with_shape(board.with_rate(base.having(baud=self.rate)), self, self.streams)
        if self.snapshots:
            shape = with_snapshots(shape)
        if self.lanes is None:
            return shape
        if self.rows is not None or self.columns is not None:
            raise InputError("lanes: chooses rows and columns; give --lanes or those, not both")
        lanes = lanes_of(self.lanes)
        return choose_lanes(board, program, shape, lanes, self.place, clock_hz)

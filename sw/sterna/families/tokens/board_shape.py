"""The accelerator on a board: what the options say, and else what the board gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna_boards.estimate.lanes import choose_lanes
from sterna_boards.estimate.search import reachable_clock, search
from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights, lanes_of

from sterna.compiler.rows import Embedding
from sterna.errors import InputError
from sterna.families.common import Snapshots
from sterna.families.tokens.options import Lanes, Streams
from sterna.families.tokens.shape import place_of, with_shape
from sterna.machine.additions import with_snapshots

if TYPE_CHECKING:
    from sterna_boards.board import Board
    from sterna_boards.estimate.search import Found

    from sterna.machine.machine import Machine
    from sterna.program.definition import Program


@dataclass(frozen=True)
class BoardShape(Snapshots, Streams, Lanes, BoardLanes, BoardClock, Weights, Baud):
    """The options of a command."""

    @property
    def place(self) -> Embedding:
        """The checked choice of the embedding. Raises `InputError` for another word."""
        return place_of(self)

    @property
    def baked(self) -> bool:
        """Whether the bitstream has the weights."""
        return self.source == "baked"

    def clock_on(self, board: Board, machine: Machine) -> float | None:
        """The wanted clock, None for the board's own; with an SDRAM the clock of both."""
        if self.clock_hz is not None:
            return self.clock_hz
        if machine.driven:
            return machine.sdram.hz
        return reachable_clock(board, machine) if self.lanes == "auto" else None

    def machine(self, board: Board, program: Program) -> Machine:
        """The accelerator's shape; its depths are not fitted. Raises `InputError`."""
        return self.searched(board, program)[0]

    def searched(self, board: Board, program: Program) -> tuple[Machine, Found | None]:
        """The same, and what was found on the way if it was searched for."""
        if self.lanes is None:
            return self._shaped(board, sdram=self.source == "sdram"), None
        if self.rows is not None or self.columns is not None:
            raise InputError("lanes: chooses rows and columns; give --lanes or those, not both")
        lanes = lanes_of(self.lanes)
        given = [name for name in ("vector_lanes", "lane") if getattr(self, name) is not None]
        if lanes is None and given:
            name = given[0].replace("_", "-")
            raise InputError(f"lanes: auto chooses {name} too; leave --{name} out")
        shapes = [self._shaped(board, sdram=self.source == "sdram")]
        if lanes is not None:
            return choose_lanes(board, program, shapes[0], lanes, self.place, self.clock_hz), None
        if self.source == "link" and board.sdram is not None:
            shapes.append(self._shaped(board, sdram=True))
        if self.place == "auto" and program.rows:
            shapes += [board.with_rows_outside(shape, self.clock_hz) for shape in shapes
                       if board.sdram or shape.memory.outside]
        found = search(board, program, shapes, self.place, self.clock_hz)
        return found.machine, found

    def _shaped(self, board: Board, sdram: bool) -> Machine:
        base = board.sdram_machine(self.clock_hz) if sdram else board.machine()
        shape = with_shape(board.with_rate(base.having(baud=self.rate)), self, self)
        if self.place == "memory":
            shape = board.with_rows_outside(shape, self.clock_hz)
        return with_snapshots(shape) if self.snapshots else shape

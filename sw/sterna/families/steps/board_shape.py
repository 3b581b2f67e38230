"""The accelerator on a board: what the options say, and else what the board gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna_boards.options import Baud, BoardClock, Weights

from sterna.errors import InputError
from sterna.families.common import Snapshots
from sterna.families.steps import options
from sterna.machine.additions import with_snapshots
from sterna.numerals import whole

if TYPE_CHECKING:
    from sterna_boards.board import Board

    from sterna.compiler.rows import Embedding
    from sterna.machine.machine import Machine
    from sterna.program.definition import Program


@dataclass(frozen=True)
class BoardShape(Snapshots, options.BoardShape, BoardClock, Weights, Baud):
    """The options of a command."""

    @property
    def place(self) -> Embedding:
        """There are no embedding rows."""
        return "host"

    def clock_on(self, board: Board) -> float | None:
        """The wanted clock, None for the board's own."""
        del board
        return self.clock_hz

    def machine(self, board: Board, program: Program) -> Machine:
        """The accelerator's shape, fitted. Raises `InputError`."""
        from sterna_boards.shape import step_shape

        from sterna.compiler.fit import fit_machine
        from sterna.families.steps.shape import shape_of, wanted

        lanes = None if self.lanes is None else whole(str(self.lanes))
        if self.lanes is not None and (lanes is None or not 1 <= lanes <= options.MOST_LANES):
            raise InputError(f"lanes is {self.lanes!r}; give a whole number from 1 to "
                             f"{options.MOST_LANES}")
        usual = step_shape(board.family, board.capacity.luts)
        base = shape_of(usual, lanes, self.neuron_lanes)
        fitted = fit_machine(program, base, wanted=wanted(self.code_bits))
        if self.snapshots:
            fitted = with_snapshots(fitted)
        return board.with_rate(fitted.having(baud=self.rate))

    @property
    def baked(self) -> bool:
        """Whether the bitstream has the weights. Raises `InputError` where they cannot be."""
        if self.source == "sdram":
            raise InputError("weights sdram: a network of time steps has its weights on the chip; "
                             "give link or baked")
        return self.source == "baked"

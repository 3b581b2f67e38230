"""The accelerator on a board: what the options say, and else what the board gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sterna_boards.options import Baud, BoardClock, Weights

from sterna.errors import InputError
from sterna.families.common import Snapshots
from sterna.families.steps import options
from sterna.machine.additions import with_snapshots

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

    def clock_on(self, board: Board, machine: Machine) -> float | None:
        """The wanted clock, None for the board's own."""
        del board, machine
        return self.clock_hz

    def machine(self, board: Board, program: Program) -> Machine:
        """The accelerator's shape, fitted. Raises `InputError`."""
        from sterna_boards.shape import step_shape

        from sterna.compiler.fit import fit_machine
        from sterna.families.steps.shape import shape_of, wanted

        usual = step_shape(board.family, board.capacity.luts)
        base = shape_of(usual, options.lane_count(self.lanes), self.neuron_lanes)
        fitted = fit_machine(program, base, wanted=wanted(self.code_bits))
        if self.snapshots:
            fitted = with_snapshots(fitted)
        return board.with_rate(fitted.having(baud=self.rate))

    def searched(self, board: Board, program: Program) -> tuple[Machine, None]:
        """The same; nothing is searched for."""
        return self.machine(board, program), None

    @classmethod
    def usual_axes(cls, board: Board) -> Mapping[str, Sequence[Any]]:
        """Lanes of synapses and of neurons."""
        del board
        return {"lanes": ("1", "2", "4", "8", "16", "32"), "neuron_lanes": (1, 2, 4, 8)}

    @classmethod
    def nearest(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """All of them go together."""
        return dict(values)

    @property
    def baked(self) -> bool:
        """Whether the bitstream has the weights. Raises `InputError` where they cannot be."""
        if self.source == "sdram":
            raise InputError("weights sdram: a network of time steps has its weights on the chip; "
                             "give link or baked")
        return self.source == "baked"

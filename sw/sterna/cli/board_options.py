"""Options of the commands that know a board: which, and what accelerator it gets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from sterna.cli.device_options import check_embedding
from sterna.errors import InputError
from sterna.law.planes import full, reach, signed_bits

if TYPE_CHECKING:
    from sterna_boards.board import Board

    from sterna.compiler.fit import Embedding
    from sterna.machine.configuration import HardwareConfiguration
    from sterna.program.definition import Program

BOARD = typer.Option(..., "--board", metavar="NAME", help="A board of `sterna boards`.")
ESTIMATE_BOARD = typer.Option(None, "--board", metavar="NAME", help="A board of `sterna boards`.")
LANES = typer.Option(
    None, "--lanes", metavar="N|auto",
    help="Ternary lanes: rows and columns are chosen; auto takes the most that fit and meet the "
         "clock. Of spiking networks: synapses accumulated a clock.",
)
WEIGHTS = typer.Option(
    "link", "--weights",
    help="link: the driver loads them; baked: the bitstream has them; sdram: the driver loads them "
         "into the board's SDRAM.",
)
BAUD = typer.Option(
    None, "--baud", metavar="BITS", help="Bits a second of the board's serial port.")
CLOCK_MHZ = typer.Option(None, "--clock-mhz", help="Clock of the accelerator.")
_MOST_SEEDS = 4
SEEDS = typer.Option(
    None, "--seeds", help="Placements to make, of which the fastest is kept. When not given: as "
    f"many as it takes to meet the clock, at most {_MOST_SEEDS}.",
)


def placements(seeds: int | None) -> dict[str, Any]:
    """What `SEEDS` means, as arguments of `sterna_boards.flows.open.build.build`.

    Raises `InputError` for a number of placements that cannot be made.
    """
    if seeds is not None and seeds < 1:
        raise InputError(f"seeds is {seeds}; it must be at least 1")
    return {"seeds": range(1, (seeds or _MOST_SEEDS) + 1), "until_met": seeds is None}


def check_weights(weights: str) -> str:
    """The same word. Raises `InputError` for one that `WEIGHTS` does not know."""
    if weights not in ("link", "baked", "sdram"):
        raise InputError(f"weights is {weights!r}; it must be link, baked or sdram")
    return weights


@dataclass(frozen=True)
class BoardOptions:
    """The options of a command; what is not given is the board's own choice."""

    name: str
    rows: int | None
    columns: int | None
    vector_lanes: int | None
    lanes: str | None
    clock_mhz: float | None
    embedding_name: str
    lane: str | None = None
    weights: str = "link"
    streams: int | None = None
    baud: int | None = None

    @property
    def rate(self) -> int:
        """The bit rate, 0 for the board's own. Raises `InputError` for one that is none."""
        if self.baud is not None and self.baud < 1:
            raise InputError(f"baud is {self.baud}; it must be at least 1")
        return self.baud or 0

    def board(self) -> Board:
        """The board, whoever makes its bitstreams. Raises `InputError` for an unknown name."""
        from sterna_boards.catalogue import find_board

        return find_board(self.name)

    @property
    def clock_hz(self) -> float | None:
        """The wanted clock, None for the board's own; with an SDRAM the clock of both."""
        if self.clock_mhz is None:
            return self.board().sdram_configuration().sdram_hz if self.weights == "sdram" else None
        if not 0 < self.clock_mhz < float("inf"):
            raise InputError(f"clock-mhz is {self.clock_mhz}; it must be above 0 and finite")
        return self.clock_mhz * 1e6

    @property
    def embedding(self) -> Embedding:
        """The checked choice of the embedding. Raises `InputError` for another word."""
        return check_embedding(self.embedding_name)

    def configuration(self, program: Program) -> HardwareConfiguration:
        """The accelerator's shape; its depths are not fitted. Raises `InputError`."""
        from sterna_boards.estimate.model import choose_lanes

        given = {
            "rows": self.rows, "columns": self.columns, "vector_lanes": self.vector_lanes,
            "streams": self.streams,
        }
        chosen: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if self.lane is not None:
            chosen["lane"] = self.lane
            # Wide blocks with tables, since every column tile has its tables written.
            chosen["block_groups"] = 16 if self.lane == "tables" else 8
        board = self.board()
        base = board.configuration()
        if self.weights == "sdram":
            base = board.sdram_configuration(self.clock_hz)
        if chosen.get("columns", 0) > 0:
            chosen["code_depth"] = -(-base.code_depth // chosen["columns"]) * chosen["columns"]
            chosen["accumulator_bits"] = signed_bits(reach(full(chosen["code_depth"])))
        base = board.with_rate(replace(base, baud=self.rate))
        if self.lanes is None:
            return replace(base, **chosen)
        if self.rows is not None or self.columns is not None:
            raise InputError("lanes: chooses rows and columns; give --lanes or those, not both")
        if self.lanes != "auto" and not self.lanes.isdecimal():
            raise InputError(f"lanes is {self.lanes!r}; give a whole number, or auto")
        lanes = None if self.lanes == "auto" else int(self.lanes)
        return choose_lanes(board, program, replace(base, **chosen), lanes, self.embedding,
                            self.clock_hz)

    def fitted(self, program: Program) -> HardwareConfiguration:
        """The shape with the depths that a program needs."""
        from sterna.compiler.fit import fit_configuration

        return fit_configuration(program, self.configuration(program), self.embedding)

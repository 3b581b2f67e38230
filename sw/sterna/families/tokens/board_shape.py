"""The accelerator on a board: what the options say, and else what the board gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sterna_boards.estimate.lanes import choose_lanes
from sterna_boards.estimate.model import Estimate, estimate
from sterna_boards.estimate.room import fit_on, has_room
from sterna_boards.estimate.search import lane_kinds, reachable_clock, search, whole_groups
from sterna_boards.options import Baud, BoardClock, BoardLanes, Weights, lanes_of

from sterna.compiler.rows import Embedding
from sterna.errors import InputError
from sterna.families.common import Snapshots
from sterna.families.tokens.options import Lanes, Streams
from sterna.families.tokens.shape import place_of, with_shape
from sterna.machine.additions import with_generation, with_snapshots

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
        """The checked choice of the embedding; of a machine that makes texts it is told by that.

        Raises `InputError` for another word.
        """
        place = place_of(self)
        return "auto" if self.embedding == "auto" else place

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
            return self._with_texts(board, program), None
        if self.rows is not None or self.columns is not None:
            raise InputError("lanes: chooses rows and columns; give --lanes or those, not both")
        lanes = lanes_of(self.lanes)
        given = [name for name in ("vector_lanes", "lane") if getattr(self, name) is not None]
        if lanes is None and given:
            name = given[0].replace("_", "-")
            raise InputError(f"lanes: auto chooses {name} too; leave --{name} out")
        shapes, place = [self._shaped(board, sdram=self.source == "sdram")], place_of(self)
        if lanes is not None:
            return choose_lanes(board, program, shapes[0], lanes, place, self.clock_hz), None
        # Texts on one data path have their weights on the chip.
        if self.source == "link" and board.sdram is not None and not shapes[0].shared:
            shapes.append(self._shaped(board, sdram=True))
        if place == "auto" and program.rows:
            shapes += [board.with_rows_outside(shape, self.clock_hz) for shape in shapes
                       if board.sdram or shape.memory.outside]
        found = search(board, program, shapes, place, self.clock_hz)
        return found.machine, found

    @classmethod
    def usual_axes(cls, board: Board) -> Mapping[str, Sequence[Any]]:
        """The shape of the engine, where rows are, and whether the board makes texts by itself."""
        most = max(8, board.capacity.luts >> 8)  # 64 rows, and columns, of an ECP5-12F
        sizes = tuple(size for power in range(2, 10) if (size := 1 << power) <= most)
        return {"rows": sizes, "columns": sizes, "vector_lanes": (1, 2, 4, 8, 16),
                "lane": lane_kinds(board), "embedding": ("auto", "chip"), "generate": (False, True)}

    @classmethod
    def nearest(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Whole groups in rows and columns."""
        rows, columns = whole_groups(values["lane"], values["rows"], values["columns"],
                                     values["vector_lanes"])
        return {**values, "rows": rows, "columns": columns}

    def _with_room(self, board: Board, program: Program) -> Machine:
        """The machine, with fewer vector lanes where its memories need it and nobody chose them."""
        shape = narrower = self._shaped(board, sdram=self.source == "sdram")
        try:
            while self.vector_lanes is None and not has_room(
                    board, fit_on(board, program, narrower, self.place)):
                if narrower.vector.lanes % 2:
                    return shape
                narrower = narrower.having(vector_lanes=narrower.vector.lanes // 2)
        except InputError:  # is told by who uses the machine
            return shape
        return narrower

    def _with_texts(self, board: Board, program: Program) -> Machine:
        """The machine; where it makes texts, fitted with the rows where they fit.

        By itself a board does that where it fits and gives more tokens at the user's end, with its
        weights on the chip. Nothing but the chip has contents from a bitstream.
        """
        by_itself = board.text_shape is not None and self.source == "link"
        wanted = by_itself if self.generate is None else self.generate
        if not wanted or not program.rows or self.embedding == "host":
            return self._with_room(board, program)
        making = with_generation(self._with_room(board.for_texts(), program))
        shapes: list[tuple[Machine, Embedding]] = [(making, place_of(self))]
        if self.embedding == "auto":
            shapes = [(making, "chip")]
            if self.source != "baked" and (board.sdram is not None or making.memory.outside):
                try:
                    shapes.append((board.with_rows_outside(making, self.clock_hz), "memory"))
                except InputError:  # a clock that is none for the memory
                    if self.generate:
                        raise
        found = [one for each, place in shapes
                 if (one := self._estimated(board, program, each, place)) is not None]
        best = max(found, key=lambda one: (one.fits, _rate(one)), default=None)
        if self.generate:
            return making if best is None else best.machine
        shape = self._with_room(board, program)
        if best is None or not best.fits:
            return shape
        usual = self._estimated(board, program, shape, self.place)
        return best.machine if usual is None or _rate(best) > _rate(usual) else shape

    def _estimated(self, board: Board, program: Program, shape: Machine, place: Embedding
                   ) -> Estimate | None:
        """None where the program cannot be there at all."""
        try:
            return estimate(board, program, shape, place, self.clock_on(board, shape))
        except InputError:
            return None

    def _shaped(self, board: Board, sdram: bool) -> Machine:
        base = board.sdram_machine(self.clock_hz) if sdram else board.machine()
        shape = with_shape(board.with_rate(base.having(baud=self.rate)), self, self)
        if self.place == "memory":
            shape = board.with_rows_outside(shape, self.clock_hz)
        return with_snapshots(shape) if self.snapshots else shape


def _rate(found: Estimate) -> float:
    return found.speed.a_second_over_link

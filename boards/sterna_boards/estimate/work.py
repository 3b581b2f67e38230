"""What a program asks of a machine: the machine fitted to it, cycles, bytes, words of memories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sterna.compiler.compile import compile_program
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import closest, requirements
from sterna.compiler.rows import Embedding, placement_for
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.law.tables import TABLE_SEGMENTS
from sterna.machine.image import MemoryImage
from sterna.machine.memory import memory_bytes
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import AreaEstimate, estimate_area
from sterna_boards.estimate.room import fit_on, shortages
from sterna_boards.estimate.speed import LinkUse, Speed, link_use, speed
from sterna_boards.shape import step_shape

_MEMORIES = {
    "ternary_weight_depth": ("weights", 1), "vector_constant_depth": ("constants", 1),
    "vector_input_depth": ("input rows", 1), "vector_depth": ("vectors and state", 1),
    "vector_tables": ("tables", TABLE_SEGMENTS), "program_depth": ("program", 1),
}
"""Name in the memory map, and words for each that a field of the machine counts."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A program on the machine that was fitted to it."""

    machine: Any
    lanes: int
    """Weights accumulated a clock."""
    unit: str
    """What a RUN is: "token" where there is a vocabulary, else "step"."""
    cycles: int
    """Of a RUN, without waiting for memories outside or the link."""
    fetched: int
    """Bytes that a RUN reads of its weights, where they are outside."""
    link: LinkUse
    image_bytes: int
    """What is loaded into the memories before the first RUN."""
    used: Mapping[str, int]
    """Words in use, by memory; of others all are."""
    embedding: str | None
    """Where embedding rows are: "chip" or "host"; None without a vocabulary."""
    image: MemoryImage
    area: AreaEstimate
    short: tuple[str, ...]
    """What the board has not enough of, one clause each."""

    def speed(self, board: Board, clock_hz: float) -> Speed:
        """What the board gives at a clock, memories outside and link included."""
        machine = self.machine
        return speed(self.unit, board.cycles(machine, self.cycles, self.fetched, clock_hz),
                     clock_hz, self.link, machine.link.baud, board.latency,
                     board.answer_pause(machine), machine.streams)

    def require_fit(self, board: Board, program: Program) -> None:
        """Raise `InputError` that says what is missing, if anything is."""
        if self.short:
            raise InputError(
                f"{board.name}: {program.name} does not fit: {'; '.join(self.short)}; give a "
                "smaller model or shape, or a larger board (sterna estimate says what takes it)")


def own_machine(board: Board, program: Program) -> Any:
    """That of the board's own shapes which has most of the units that a program needs, fitted."""
    shapes = board.machine(), step_shape(board.family, board.capacity.luts)
    return fit_on(board, program, closest(program, shapes))


def work_on(board: Board, program: Program, machine: Any, embedding: Embedding = "auto") -> Work:
    """Fit the machine to program and board where that is open, and count.

    Raises `InputError` for a program that it cannot execute, and for weights from a memory that
    the board does not have.
    """
    board.check_weight_source(machine)
    fitted = fit_on(board, program, machine, embedding, machine.chosen)
    area = estimate_area(board.family, fitted)
    placement = placement_for(program, machine, embedding)
    plan = schedule(program, fitted)
    needed = requirements(program, fitted, plan, placement)
    image = compile_program(program, fitted, embedding, plan)
    sent = image.row_groups if placement == "host" else 0
    return Work(
        machine=fitted, lanes=sum(unit.weights_a_clock for unit in fitted.units),
        unit="token" if program.rows else "step",
        cycles=estimate_cycles(plan, fitted).cycles,
        fetched=memory_bytes(fitted) if fitted.memory.outside else 0,
        link=link_use(fitted, sent, image.input),
        image_bytes=sum(part.words * part.size for part in image.parts.values()),
        used={name: times * needed[field] * (fitted.texts if field == "vector_depth" else 1)
              for field, (name, times) in _MEMORIES.items() if field in needed},
        embedding=placement if program.rows else None, image=image, area=area,
        short=shortages(board, fitted, area))

"""What a program asks of a machine: the machine fitted to it, cycles, bytes, words of memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sterna.compiler.compile import compile_program
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import (
    Embedding,
    fit_machine,
    placement_for,
    requirements,
    row_groups,
)
from sterna.compiler.schedule import schedule
from sterna.compiler.spiking.cycles import step_cycles
from sterna.compiler.spiking.fit import fit_spiking
from sterna.compiler.spiking.image import compile_network
from sterna.compiler.spiking.plan import groups_of
from sterna.errors import InputError
from sterna.law.tables import TABLE_SEGMENTS
from sterna.machine.image import MemoryImage
from sterna.machine.protocol import Space, word_chunks
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.components import components
from sterna_boards.estimate.speed import link_bytes
from sterna_boards.shape import step_shape

_SPACES = {
    Space.WEIGHTS: ("weights", "weight_depth"), Space.CONSTANTS: ("constants", "constant_depth"),
    Space.INPUT: ("input rows", "input_depth"), Space.PROGRAM: ("program", "program_depth"),
}
"""Name in the memory map and field of the machine."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A program on the machine that was fitted to it."""

    machine: Any
    lanes: int
    """Weights accumulated a clock."""
    unit: str
    """What a RUN is: "token", "step"."""
    cycles: int
    """Of a RUN, without waiting for memories outside or the link."""
    fetched: int
    """Bytes that a RUN reads of its weights."""
    link_bytes: int
    image_bytes: int
    """What is loaded into the memories before the first RUN."""
    used: Mapping[str, int]
    """Words in use, by memory; where none are named all are."""
    embedding: str | None
    """Where embedding rows are: "chip" or "host"; None without a vocabulary."""
    compiled: Callable[[], MemoryImage]
    """Makes the memory image."""


def own_machine(board: Board, program: Program) -> Any:
    """The board's own machine for a program: one for neurons where a RUN is given codes."""
    if program.takes_codes:
        return fit_spiking(program, step_shape(board.family, board.capacity.luts))
    return board.machine()


def work_on(program: Program, machine: Any, embedding: Embedding = "auto") -> Work:
    """Fit the machine to the program where that is open, and count.

    Raises `InputError` for a program that it cannot execute, or a machine without a unit that does.
    """
    for name in components(machine):
        if name in _WORK:
            return _WORK[name](program, machine, embedding)
    raise InputError(f"machine: has none of the units {', '.join(_WORK)}, and nothing to do")


def _tokens(program: Program, machine: Any, embedding: Embedding) -> Work:
    fitted = fit_machine(program, machine, embedding)
    placement = placement_for(program, machine, embedding)
    plan = schedule(program, fitted)
    needed = requirements(program, fitted, plan, placement)
    used = {name: needed[field] for name, field in _SPACES.values()}
    used |= {"vectors and state": needed["vector_depth"],
             "tables": TABLE_SEGMENTS * needed["tables"]}
    words = {space: used[name] for space, (name, _) in _SPACES.items()}
    words[Space.TABLES] = used["tables"]
    row = 0
    if placement == "host":
        words[Space.INPUT], row = 0, row_groups(program, fitted)
    return Work(
        machine=fitted, lanes=fitted.ternary.lanes, unit="token",
        cycles=estimate_cycles(plan, fitted).cycles,
        fetched=used["weights"] * fitted.ternary.weight_bytes, link_bytes=link_bytes(fitted, row),
        image_bytes=sum(4 * word_chunks(fitted, space) * count for space, count in words.items()),
        used=used, embedding=placement,
        compiled=lambda: compile_program(program, fitted, embedding, plan))


def _steps(program: Program, machine: Any, embedding: Embedding) -> Work:
    del embedding
    image = compile_network(program, machine)
    return Work(
        machine=machine, lanes=machine.synapses.lanes, unit="step",
        cycles=step_cycles(program, machine), fetched=0,
        link_bytes=link_bytes(machine, groups_of(program.input_length, machine.neurons.lanes)),
        image_bytes=sum(part.words * part.size for part in image.parts.values()),
        used={}, embedding=None, compiled=lambda: image)


_WORK: dict[str, Callable[[Program, Any, Embedding], Work]] = {
    "ternary": _tokens, "synapse": _steps}
"""By the unit that runs a program: the first of a machine does."""

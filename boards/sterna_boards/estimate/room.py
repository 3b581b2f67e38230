"""What a board has room for: a machine that fits it, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from sterna.compiler.fit import fit_machine
from sterna.compiler.rows import Embedding
from sterna.machine.machine import Machine
from sterna.machine.row_memory import held_bytes
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.area import AreaEstimate
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.ram_totals import (
    total_block_rams,
    total_large_rams,
    total_single_port_rams,
)

ROUTABLE = 0.93
"""Share of the look-up tables up to which a design is expected to be routed: the fullest measured
one takes 92.2 % of an iCEBreaker, and meets its clock."""


def fit_on(board: Board, program: Program, base: Machine, embedding: Embedding = "auto",
           wanted: Mapping[str, int] = MappingProxyType({})) -> Machine:
    """`fit_machine`, on a board: what is large goes where there is room for it.

    While the block RAMs do not suffice, constants go into the memory outside, if there is one that
    takes them, and the units that ``base`` lacks become narrower. Where nothing helps they have
    their usual place and width: what is missing is told of that. Raises `InputError` as
    `fit_machine`.
    """
    usual = fit_machine(program, base, embedding, wanted)
    if has_room(board, usual):
        return usual
    for shape in _with_less(base):
        fitted = usual if shape is base else fit_machine(program, shape, embedding, wanted)
        for narrower in _narrower(program, shape, fitted, embedding, wanted):
            if has_room(board, narrower):
                return narrower
    return usual


def _with_less(base: Machine) -> Iterator[Machine]:
    """The machine, and with less on the chip."""
    yield base
    if base.memory.takes_constants and not base.memory.holds_constants:
        yield base.having(memory_constants=True)


def _narrower(program: Program, base: Machine, fitted: Machine, embedding: Embedding,
              wanted: Mapping[str, int]) -> Iterator[Machine]:
    """A fitted machine, and with ever fewer lanes in the units that ``base`` lacks."""
    there = {unit.name for unit in base.units}
    while True:
        yield fitted
        units = [unit if unit.name in there else unit.narrower() for unit in fitted.units]
        narrower = [unit for unit in units if unit is not None]
        if len(narrower) < len(units) or tuple(units) == fitted.units:
            return
        shape = replace(base, units=(
            *base.units, *(unit for unit in narrower if unit.name not in there)))
        fitted = fit_machine(program, shape, embedding, wanted)


def has_room(board: Board, machine: Machine) -> bool:
    """Whether the memories of a fitted machine have a place on the chip."""
    return not _short_of(_memories(board, machine))


Wanted = list[tuple[str, int, int]]
"""What there is of something, how many are wanted, and how many there are."""


def _memories(board: Board, machine: Machine) -> Wanted:
    there = board.capacity
    memories = memory_map(board.family, machine, {}, there.large_rams > 0)
    return [
        ("block RAMs", total_block_rams(board.family, machine, memories), there.block_rams),
        ("single-port RAMs", total_single_port_rams(memories), there.single_port_rams),
        ("RAMs of 288 kbit", total_large_rams(memories), there.large_rams)]


def _short_of(wanted: Wanted) -> tuple[str, ...]:
    return tuple(f"{count} of {most} {name}" for name, count, most in wanted if count > most)


def shortages(board: Board, machine: Machine, area: AreaEstimate) -> tuple[str, ...]:
    """What the board has not enough of for a fitted machine of this area, one clause each."""
    there = board.capacity
    wanted = [("look-up tables", area.luts, int(ROUTABLE * there.luts)),
              *_memories(board, machine), ("DSPs", area.dsps, there.dsps)]
    if board.outside is not None and machine.memory.axi_ports:
        wanted.append(("bytes behind each port", held_bytes(machine) // machine.memory.axi_ports,
                       board.outside.port_bytes))
    return (*_short_of(wanted), *_unconnected(board, machine))


def _unconnected(board: Board, machine: Machine) -> tuple[str, ...]:
    """A block design gives its memory to the ports of the accelerator: there must be some."""
    if board.outside is None or machine.memory.axi_ports:
        return ()
    return ("no project without weights in the memory outside",)

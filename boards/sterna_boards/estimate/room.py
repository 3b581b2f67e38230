"""A machine that a board has the block RAM for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from sterna.compiler.fit import fit_machine
from sterna.compiler.rows import Embedding
from sterna.machine.machine import Machine
from sterna.program.definition import Program

from sterna_boards.board import Board
from sterna_boards.estimate.memory_map import memory_map, total_block_rams


def fit_on(board: Board, program: Program, base: Machine, embedding: Embedding = "auto",
           wanted: Mapping[str, int] = MappingProxyType({})) -> Machine:
    """`fit_machine`, with the units that ``base`` lacks as wide as the board has block RAMs for.

    Where not even the narrowest find room, they have their usual width: what is missing is told of
    that. Raises `InputError` as `fit_machine`.
    """
    there = {unit.name for unit in base.units}
    usual = fitted = fit_machine(program, base, embedding, wanted)
    while not _has_room(board, fitted):
        units = [unit if unit.name in there else unit.narrower() for unit in fitted.units]
        narrower = [unit for unit in units if unit is not None]
        if len(narrower) < len(units) or tuple(units) == fitted.units:
            return usual
        shape = replace(base, units=(
            *base.units, *(unit for unit in narrower if unit.name not in there)))
        fitted = fit_machine(program, shape, embedding, wanted)
    return fitted


def _has_room(board: Board, machine: Machine) -> bool:
    memories = memory_map(board.family, machine, {})
    return total_block_rams(board.family, machine, memories) <= board.capacity.block_rams

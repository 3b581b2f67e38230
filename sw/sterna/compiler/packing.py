"""Memory contents in the exact order of use: weights, constants, tables, rows.

Every function gives words as the LOAD command takes them: uint8 [words, bytes], little endian,
each word padded to a multiple of four bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.plan import MatmulStep, Plan, ScalarStep, SectionPlan, VectorStep
from sterna.errors import InputError
from sterna.law.arithmetic import MANTISSA_BITS
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.weight_words import bundle, pack_words, resident
from sterna.machine.words import (
    Words,
    as_groups,
    pack_fields,
    pack_groups,
    pack_row,
    word_bytes,
)
from sterna.program.definition import Program, ScalarConstant

_PIECE_TRITS = 1 << 24
_PIECE_ROWS = 256


def weight_pieces(
    program: Program, plan: Plan, machine: Machine
) -> Iterator[Words]:
    """Weights of a token in order; only one matrix command's matrices are in memory."""
    return _packed(machine, _trits(program, plan, machine))


def _trits(program: Program, plan: Plan, machine: Machine) -> Iterator[NDArray[np.int8]]:
    """Weight words [words, rows, columns] in the order of use."""
    for section in plan.sections:
        commands = [step for step in section.steps() if isinstance(step, MatmulStep)]
        for repetition in range(section.repeat):
            padded = np.zeros(0, np.int8)
            for command in commands:
                if command.first == 0:
                    padded = _padded(program, section.name, repetition, command, machine)
                yield from _command_pieces(padded, command, machine)


def _padded(program: Program, section: str, repetition: int, command: MatmulStep,
            machine: Machine) -> NDArray[np.int8]:
    """The command's matrices as [matrices, planes, row groups, rows, tiles, columns].

    The least significant plane comes first.
    """
    groups = -(-command.rows // machine.ternary.rows)
    shape = (len(command.matrices), command.planes, groups * machine.ternary.rows,
             command.tiles * machine.ternary.columns)
    padded = np.zeros(shape, np.int8)
    for index, name in enumerate(command.matrices):
        planes = np.asarray(program.parameters.planes(section, repetition, name))
        if planes.shape != (command.planes, command.rows, command.columns):
            given = planes.shape[1:] if len(planes) == command.planes == 1 else planes.shape
            raise InputError(
                f"matrix {name} of {section} {repetition} is {given}, declared as "
                f"{(command.planes, command.rows, command.columns)[-len(given):]}"
            )
        padded[index, :, :command.rows, :command.columns] = planes[::-1]
    return padded.reshape(*shape[:2], groups, machine.ternary.rows, command.tiles,
                          machine.ternary.columns)


def _command_pieces(padded: NDArray[np.int8], command: MatmulStep,
                    machine: Machine) -> Iterator[NDArray[np.int8]]:
    block = command.words // command.blocks * machine.ternary.lanes
    step = max(1, _PIECE_TRITS // block)
    for start in range(0, command.blocks, step):
        count = min(step, command.blocks - start)
        first = command.first + start * command.groups
        rows = padded[:, :, first:first + count * command.groups]
        blocks = rows.reshape(*padded.shape[:2], count, command.groups, *rows.shape[3:])
        # [matrix, plane, block, group, row, tile, column] to the engine's order.
        ordered = blocks.transpose(2, 5, 1, 0, 3, 4, 6)
        yield ordered.reshape(-1, machine.ternary.rows, machine.ternary.columns)


def _packed(machine: Machine, pieces: Iterator[NDArray[np.int8]]) -> Iterator[Words]:
    """Words as the memory keeps them; weight words that share some are packed together."""
    given, _ = bundle(machine)
    left = np.zeros((0, machine.ternary.rows, machine.ternary.columns), np.int8)
    for piece in pieces:
        trits = np.concatenate([left, piece]) if len(left) else piece
        whole = len(trits) // given * given
        left = trits[whole:]
        if whole:
            yield _padded_words(machine, trits[:whole])
    if len(left):
        yield _padded_words(machine, left)


def _padded_words(machine: Machine, trits: NDArray[np.int8]) -> Words:
    packed = pack_words(machine, trits)
    words = np.zeros((len(packed), word_bytes(machine, Space.WEIGHTS)), np.uint8)
    words[:, :machine.weight_bytes] = packed
    return words


def by_level(machine: Machine, pieces: Iterator[Words]) -> Iterator[Words]:
    """Weight words in the order of loading: those outside, then those resident on the chip."""
    first, kept = 0, []
    for piece in pieces:
        stays = resident(machine, first, len(piece))
        first += len(piece)
        kept.append(piece[stays])
        yield piece[~stays]
    yield from kept


def weight_words(plan: Plan) -> int:
    """Weight words of a token."""
    return sum(
        section.repeat * sum(step.words for step in section.steps()
                             if isinstance(step, MatmulStep))
        for section in plan.sections
    )


def _constant_order(section: SectionPlan) -> list[tuple[str, int, int]]:
    """Constants of one repetition in issue order: name, first group, groups (0: a scalar)."""
    order = []
    for step, inner in section.walk():
        if isinstance(step, VectorStep) and step.constant is not None:
            order.append((step.constant, step.first + inner, step.length))
        elif isinstance(step, ScalarStep) and step.constant is not None:
            order.append((step.constant, 0, 0))
    return order


def constant_words(plan: Plan, machine: Machine) -> int:
    """Constant groups of a token."""
    scalar = machine.vector.scalar_groups
    return sum(
        section.repeat * sum(groups or scalar for _, _, groups in _constant_order(section))
        for section in plan.sections
    )


def _scalar_group(machine: Machine, scalar: ScalarConstant) -> NDArray:
    drop = max(0, MANTISSA_BITS + 1 - machine.vector.word_bits)
    if scalar.mantissa & ((1 << drop) - 1):
        raise InputError(
            f"a scalar constant has mantissa {scalar.mantissa}, whose low {drop} bits do not fit "
            f"in words of {machine.vector.word_bits} bits; round it when lowering"
        )
    return as_groups(machine, (scalar.mantissa >> drop, scalar.exponent),
                     machine.vector.scalar_groups)


def constant_pieces(
    program: Program, plan: Plan, machine: Machine
) -> Iterator[Words]:
    """Constant words of a token in order, one array for each repetition."""
    parameters = program.parameters
    for section in plan.sections:
        order = _constant_order(section)
        ends: dict[str, int] = {}
        for name, first, groups in order:
            ends[name] = max(ends.get(name, 0), first + groups)
        for repetition in range(section.repeat):
            vectors = {
                name: as_groups(machine,
                                parameters.vector(section.name, repetition, name), end)
                for name, end in ends.items() if end
            }
            pieces = [
                vectors[name][first:first + groups] if groups else
                _scalar_group(machine, parameters.scalar(section.name, repetition, name))
                for name, first, groups in order
            ]
            if pieces:
                yield pack_groups(machine, np.concatenate(pieces))


def table_pieces(program: Program, machine: Machine) -> Iterator[Words]:
    """Look-up tables: a segment's base in the low word, its slope above."""
    for table in program.tables.values():
        pairs = np.stack([np.array(table.base), np.array(table.slope)], axis=1)
        yield pack_fields(pairs, machine.vector.word_bits,
                          word_bytes(machine, Space.TABLES))


def input_pieces(program: Program, machine: Machine) -> Iterator[Words]:
    """The embedding rows of the whole vocabulary."""
    for start in range(0, program.rows, _PIECE_ROWS):
        rows = range(start, min(start + _PIECE_ROWS, program.rows))
        yield np.concatenate([
            pack_row(machine, program.parameters.embedding(row)) for row in rows
        ])

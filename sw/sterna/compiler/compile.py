"""The whole way from a program to its memory image."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.allocation import allocate
from sterna.compiler.fit import (
    Embedding,
    check_plan,
    input_words,
    placement_for,
    row_groups,
)
from sterna.compiler.kept import kept_vectors
from sterna.compiler.packing import (
    by_level,
    constant_pieces,
    constant_words,
    input_pieces,
    program_words,
    table_pieces,
    weight_pieces,
    weight_words,
)
from sterna.compiler.plan import Plan
from sterna.compiler.schedule import schedule
from sterna.law.arithmetic import TABLE_SEGMENTS
from sterna.machine.image import ImagePart, MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.read import Read
from sterna.machine.words import pack_row, word_bytes
from sterna.program.definition import Program
from sterna.program.digest import program_digest


def _nothing() -> Iterator[NDArray[np.uint8]]:
    return iter(())


def compile_program(program: Program, machine: Machine,
                    embedding: Embedding = "auto", plan: Plan | None = None) -> MemoryImage:
    """Schedule a program and describe its memory image; weights are packed when they are asked for.

    ``plan`` saves scheduling again what `schedule` gave for the same arguments. Raises `InputError`
    when the program cannot run on this design or does not fit the machine.
    """
    plan = plan or schedule(program, machine)
    placement = placement_for(program, machine, embedding)
    check_plan(program, machine, plan, placement)
    words, entries = program_words(plan, machine)
    size = {item.name: word_bytes(machine, item.name) for item in machine.memories}
    table_words = TABLE_SEGMENTS * len(plan.tables)
    chip = placement == "chip"
    return MemoryImage(
        machine=machine,
        model=program.name,
        parts={
            Space.PROGRAM: ImagePart.from_array(words),
            Space.WEIGHTS: ImagePart(
                weight_words(plan), size[Space.WEIGHTS],
                lambda: by_level(machine, weight_pieces(program, plan, machine))
                if machine.memory.resident else
                weight_pieces(program, plan, machine)),
            Space.CONSTANTS: ImagePart(
                constant_words(plan, machine), size[Space.CONSTANTS],
                lambda: constant_pieces(program, plan, machine)),
            Space.TABLES: ImagePart(
                table_words, size[Space.TABLES],
                lambda: table_pieces(program, machine)),
            Space.INPUT: ImagePart(
                input_words(program, machine, "chip") if chip else 0, size[Space.INPUT],
                (lambda: input_pieces(program, machine)) if chip else _nothing),
        },
        entries=entries,
        rows=program.rows,
        placement=placement,
        row_groups=row_groups(program, machine),
        chained=plan.chained,
        embedding=None if chip else lambda token: pack_row(
            machine, program.parameters.embedding(token)),
        kept=tuple(kept_vectors(program, machine, allocate(program, machine)))
        if machine.has(Read.name) else (),
        program=partial(program_digest, program),
    )

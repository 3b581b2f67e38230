"""The whole way from a program to its memory image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.fit import (
    Embedding,
    check_plan,
    input_words,
    placement_for,
    row_groups,
)
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
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.image import ImagePart, MemoryImage
from sterna.machine.protocol import Space
from sterna.machine.words import pack_row, word_bytes
from sterna.program.definition import Program


def _nothing() -> Iterator[NDArray[np.uint8]]:
    return iter(())


def compile_program(program: Program, configuration: HardwareConfiguration,
                    embedding: Embedding = "auto", plan: Plan | None = None) -> MemoryImage:
    """Schedule a program and describe its memory image; weights are packed when they are asked for.

    ``plan`` saves scheduling again what `schedule` gave for the same arguments. Raises `InputError`
    when the program cannot run on this design or does not fit the configuration.
    """
    plan = plan or schedule(program, configuration)
    placement = placement_for(program, configuration, embedding)
    check_plan(program, configuration, plan, placement)
    words, entries = program_words(plan, configuration)
    size = {space: word_bytes(configuration, space) for space in Space}
    table_words = TABLE_SEGMENTS * len(plan.tables)
    chip = placement == "chip"
    return MemoryImage(
        configuration=configuration,
        model=program.name,
        parts={
            Space.PROGRAM: ImagePart.from_array(words),
            Space.WEIGHTS: ImagePart(
                weight_words(plan), size[Space.WEIGHTS],
                lambda: by_level(configuration, weight_pieces(program, plan, configuration))
                if configuration.resident_words else
                weight_pieces(program, plan, configuration)),
            Space.CONSTANTS: ImagePart(
                constant_words(plan, configuration), size[Space.CONSTANTS],
                lambda: constant_pieces(program, plan, configuration)),
            Space.TABLES: ImagePart(
                table_words, size[Space.TABLES],
                lambda: table_pieces(program, configuration)),
            Space.INPUT: ImagePart(
                input_words(program, configuration, "chip") if chip else 0, size[Space.INPUT],
                (lambda: input_pieces(program, configuration)) if chip else _nothing),
        },
        entries=entries,
        rows=program.rows,
        placement=placement,
        row_groups=row_groups(program, configuration),
        chained=plan.chained,
        embedding=None if chip else lambda token: pack_row(
            configuration, program.parameters.embedding(token)),
    )

"""Checks of what a program declares, before what it does."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.law.arithmetic import TABLE_SEGMENTS
from sterna.program.definition import Program

_LIFETIMES = ("local", "carried", "state")


def check_declarations(program: Program) -> None:
    """Raise `InputError` for a width, section, vector or table that cannot be."""
    limit = (1 << (program.word_bits - 1)) - 1
    if not 12 <= program.word_bits <= 18:
        raise InputError(f"program: word_bits is {program.word_bits}, not between 12 and 18")
    if not program.sections:
        raise InputError("program: has no section")
    names = [section.name for section in program.sections]
    if len(set(names)) != len(names):
        raise InputError("program: two sections have the same name")
    for section in program.sections:
        if section.repeat < 1:
            raise InputError(f"program, section {section.name}: repeats {section.repeat} times")
    for name, vector in program.vectors.items():
        if vector.lifetime not in _LIFETIMES:
            raise InputError(f"program: vector {name} has the unknown lifetime {vector.lifetime!r}")
        if vector.length < 1:
            raise InputError(f"program: vector {name} has length {vector.length}")
    for name, table in program.tables.items():
        if len(table.base) != TABLE_SEGMENTS or len(table.slope) != TABLE_SEGMENTS:
            raise InputError(f"program: table {name} has not {TABLE_SEGMENTS} segments")
        if max(abs(value) for value in (*table.base, *table.slope)) > limit:
            raise InputError(f"program: table {name} has entries beyond {program.word_bits} bits")

"""Checks of what a program declares, before what it does."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.law.arithmetic import CODE_LIMIT, TABLE_SEGMENTS
from sterna.law.planes import MAX_PLANES
from sterna.program.definition import Program
from sterna.program.instructions import INPUT

LEAST_WORD, MOST_WORD = 12, 18
"""Widths of words for which the law has tables and scalars."""
MAX_DELAY = 255
_LIFETIMES = ("local", "carried", "state")


def check_declarations(program: Program) -> None:
    """Raise `InputError` for a width, section, value, matrix or table that cannot be."""
    if not LEAST_WORD <= program.word_bits <= MOST_WORD:
        raise InputError(f"program: word_bits is {program.word_bits}, not between {LEAST_WORD} and "
                         f"{MOST_WORD}")
    if not program.sections:
        raise InputError("program: has no section")
    names = [section.name for section in program.sections]
    if len(set(names)) != len(names):
        raise InputError("program: two sections have the same name")
    for section in program.sections:
        if section.repeat < 1:
            raise InputError(f"program, section {section.name}: repeats {section.repeat} times")
    _check_vectors(program)
    _check_codes(program)
    for section, name in program.matrices:
        matrix = program.matrix(section, name)
        if not 1 <= matrix.planes <= MAX_PLANES or not 0 <= matrix.delay <= MAX_DELAY:
            raise InputError(
                f"program: matrix {name} of section {section} has {matrix.planes} planes and "
                f"delays to {matrix.delay}; 1 to {MAX_PLANES} and 0 to {MAX_DELAY} can be")
        if matrix.window is None:
            continue
        size = matrix.window.targets, matrix.window.sources
        if size != (matrix.rows, matrix.columns) or matrix.delay:
            raise InputError(
                f"program: matrix {name} of section {section} is [{matrix.rows}, {matrix.columns}] "
                f"with delays to {matrix.delay}, and its window makes {size[0]} targets of "
                f"{size[1]} sources, without delays")
    _check_tables(program)


def _check_vectors(program: Program) -> None:
    for name, vector in program.vectors.items():
        if vector.lifetime not in _LIFETIMES:
            raise InputError(f"program: vector {name} has the unknown lifetime {vector.lifetime!r}")
        if vector.length < 1:
            raise InputError(f"program: vector {name} has length {vector.length}")


def _check_codes(program: Program) -> None:
    for name, codes in program.codes.items():
        if codes.lifetime not in _LIFETIMES:
            raise InputError(f"program: codes {name} have the unknown lifetime {codes.lifetime!r}")
        if codes.length < 1:
            raise InputError(f"program: codes {name} have length {codes.length}")
        if not 1 <= codes.limit <= CODE_LIMIT:
            raise InputError(f"program: codes {name} have the limit {codes.limit}, not 1 to "
                             f"{CODE_LIMIT}")
        if codes.history < 0 or (codes.lifetime == "local" and codes.history):
            raise InputError(f"program: {codes.lifetime} codes {name} keep {codes.history} RUNs")
    given = program.codes.get(INPUT)
    if given is not None and (given.lifetime, given.length) != ("carried", program.input_length):
        raise InputError(f"program: the input is {given.length} {given.lifetime} codes, not "
                         f"{program.input_length} carried ones")


def _check_tables(program: Program) -> None:
    limit = (1 << (program.word_bits - 1)) - 1
    for name, table in program.tables.items():
        if len(table.base) != TABLE_SEGMENTS or len(table.slope) != TABLE_SEGMENTS:
            raise InputError(f"program: table {name} has not {TABLE_SEGMENTS} segments")
        if max(abs(value) for value in (*table.base, *table.slope)) > limit:
            raise InputError(f"program: table {name} has entries beyond {program.word_bits} bits")

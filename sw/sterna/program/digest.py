"""What names a program: a digest of each of its parts, on any machine the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from sterna.program.definition import MatrixFormat, Program

DECLARED = ("word_bits", "input_length", "rows", "sections", "vectors", "codes", "results")
"""Fields of a program that the part ``operations`` names; what it is called does not count."""


def part_digests(program: Program) -> dict[str, str]:
    """SHA-256 in hexadecimal by part: ``operations``, ``tables``, ``embedding``, and parameters.

    Programs with the same digests compute the same. Parameters are a part for each method of
    `Parameters` that an operation asks; all are fetched, which takes a while for a large model.
    """
    parts = {"operations": hashlib.sha256(), "tables": hashlib.sha256()}
    declared = {name: getattr(program, name) for name in DECLARED}
    _add(parts["operations"], [*declared.values(), {
        f"{section}.{name}": _format(program.matrix(section, name))
        for section, name in program.matrices}])
    _add(parts["tables"], program.tables)
    for method, place, name in _asked(program):
        part = parts.setdefault(method, hashlib.sha256())
        _add(part, [*place, name, getattr(program.parameters, method)(*place, name)])
    if program.rows:
        parts["embedding"] = hashlib.sha256()
        for token in range(program.rows):
            _add(parts["embedding"], program.parameters.embedding(token))
    return {name: part.hexdigest() for name, part in parts.items()}


def program_digest(program: Program) -> str:
    """SHA-256 of all parts, in hexadecimal."""
    total = hashlib.sha256()
    _add(total, part_digests(program))
    return total.hexdigest()


def _asked(program: Program) -> Iterator[tuple[str, tuple[str, int], str]]:
    for section in program.sections:
        for repetition in range(section.repeat):
            for item in section.items:
                for method, name in item.parameters_read():
                    if method == "matrix" and program.matrix(section.name, name).planes > 1:
                        method = "planes"
                    yield method, (section.name, repetition), name
                    if method == "planes" and program.matrix(section.name, name).delay:
                        yield "delays", (section.name, repetition), name


def _format(matrix: MatrixFormat) -> tuple[object, ...]:
    """What is declared of a matrix; only of windows that there is one."""
    return tuple(matrix) if matrix.window else tuple(matrix)[:-1]


def _add(digest: Any, value: Any) -> None:
    """Enter a value, framed so that no two values enter alike."""
    if isinstance(value, np.ndarray):
        whole = np.ascontiguousarray(value, "<i8")
        digest.update(f"array {whole.shape};".encode() + whole.tobytes())
    elif is_dataclass(value):
        digest.update(f"{type(value).__name__};".encode())
        _add(digest, [[item.name, getattr(value, item.name)] for item in fields(value)
                      if not item.metadata.get("later") or getattr(value, item.name) != item.default
                      ])
    elif isinstance(value, dict):
        _add(digest, sorted(value.items()))
    elif isinstance(value, list | tuple):
        digest.update(f"{len(value)} of;".encode())
        for item in value:
            _add(digest, item)
    else:
        text = repr(value)
        digest.update(f"{len(text)} {text};".encode())

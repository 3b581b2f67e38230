"""What the values of a program reach on inputs, as a report tells it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sterna.golden.ranges import Ranges
from sterna.program.definition import Program


def range_values(program: Program, ranges: Ranges, data: str) -> dict[str, Any]:
    """Of every place; ``fraction`` where the name has a declared format, and ``share`` of it.

    ``data`` says in words what the program was given.
    """
    return {"data": data, "word_bits": program.word_bits, "places": [
        {**key._asdict(), **asdict(found), "share": found.share,
         "fraction": _fraction(program, found.name)} for key, found in ranges.found.items()]}


def _fraction(program: Program, name: str) -> int | None:
    declared = program.vectors.get(name) or program.codes.get(name)
    return None if declared is None else declared.fraction

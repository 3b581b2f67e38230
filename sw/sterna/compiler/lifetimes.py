"""When scalars and reductions hold a value, over the unrolled items of a token.

Two repetitions of a repeated section are enough: they contain every neighbourhood of items that
occurs. Times are item positions times two; a value that is last read at an item frees its
register for the result of the same item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from sterna.compiler.operands import reductions
from sterna.errors import InputError
from sterna.law.arithmetic import (
    ABSMAX_REGISTERS,
    RESULT_SCALAR,
    SCALAR_REGISTERS,
    SQUARES_REGISTERS,
)
from sterna.program.definition import Program
from sterna.program.instructions import ScalarOperation, TopK
from sterna.program.items import Item

Span = tuple[int, int]
Name = TypeVar("Name", str, tuple[str, str])
END_OF_TOKEN = 1 << 40


@dataclass(frozen=True)
class Registers:
    """Register numbers by name; those of sums are among those of squares."""

    scalars: dict[str, int]
    absmax: dict[str, int]
    squares: dict[str, int]
    sums: dict[str, int]


def unrolled(program: Program) -> Iterator[Item]:
    """Items in the order of execution, with at most two repetitions of each section."""
    for section in program.sections:
        for _ in range(min(section.repeat, 2)):
            yield from section.items


def scalar_spans(program: Program) -> dict[str, list[Span]]:
    """Times at which each scalar holds a value that is still needed."""
    spans: dict[str, list[Span]] = {}
    for position, item in enumerate(unrolled(program)):
        for name in item.scalars_read():
            start, end = spans[name][-1]
            last = END_OF_TOKEN if isinstance(item, TopK) else 2 * position
            spans[name][-1] = (start, max(end, last))
        if isinstance(item, ScalarOperation):
            spans.setdefault(item.result, []).append((2 * position + 1, 2 * position + 2))
    return spans


def reduction_spans(program: Program, kind: str) -> dict[str, list[Span]]:
    """Times from the first result that enters each reduction until it is taken."""
    spans: dict[str, list[Span]] = {}
    filling: dict[str, int] = {}
    for position, item in enumerate(unrolled(program)):
        for name in reductions(item, kind):
            filling.setdefault(name, 2 * position)
        if isinstance(item, ScalarOperation) and item.operation == kind:
            name = item.operands[0]
            spans.setdefault(name, []).append((filling.pop(name), 2 * position))
    return spans


def _overlap(one: list[Span], other: list[Span]) -> bool:
    return any(a < d and c < b for a, b in one for c, d in other)


def assign(spans: dict[Name, list[Span]], count: int, what: str,
           fixed: dict[Name, int] | None = None) -> dict[Name, int]:
    """Give each name the lowest register that no overlapping name has."""
    numbers = dict(fixed or {})
    for name in sorted(spans, key=lambda name: spans[name][0]):
        if name in numbers:
            continue
        taken = {
            number for other, number in numbers.items() if _overlap(spans[name], spans[other])
        }
        free = next((number for number in range(count) if number not in taken), None)
        if free is None:
            raise InputError(
                f"the program needs more than the {count} {what} registers at "
                f"{name if isinstance(name, str) else name[-1]}; "
                "take values earlier"
            )
        numbers[name] = free
    return numbers


def assign_registers(program: Program) -> Registers:
    """Registers of all scalars and reductions; the head's scale gets `RESULT_SCALAR`."""
    heads = [item for section in program.sections for item in section.items
             if isinstance(item, TopK)]
    squares, sums = (reduction_spans(program, kind) for kind in ("squares", "sum"))
    shared = assign({**{("squares", name): spans for name, spans in squares.items()},
                     **{("sum", name): spans for name, spans in sums.items()}},
                    SQUARES_REGISTERS, "squares")
    return Registers(
        assign(scalar_spans(program), SCALAR_REGISTERS, "scalar",
               {head.scale: RESULT_SCALAR for head in heads}),
        assign(reduction_spans(program, "absmax"), ABSMAX_REGISTERS, "absmax"),
        {name: shared["squares", name] for name in squares},
        {name: shared["sum", name] for name in sums},
    )

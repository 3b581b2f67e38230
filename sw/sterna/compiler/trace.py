"""From the trace of a run back to named values.

The accelerator's trace ports emit every vector group, every scalar and every row group of
accumulators in the order of execution. One repetition of a section is the same sequence each
time, so a gather index for one repetition sorts them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.compiler.plan import MatmulStep, Plan, ScalarStep, SectionPlan, VectorStep
from sterna.errors import CheckError
from sterna.law.arithmetic import CODE_LIMIT
from sterna.machine.keys import ValueKey
from sterna.machine.machine import Machine

Values = dict[ValueKey, NDArray[np.int64]]


@dataclass(frozen=True)
class _Field:
    """Entries start..stop of the sorted trace are the first ``elements`` of a value."""

    item: int
    operation: int
    start: int
    stop: int
    elements: int
    codes: bool


@dataclass(frozen=True)
class _Stream:
    """One trace port in one section: gather order of a repetition, and the values in it."""

    order: NDArray[np.intp]
    fields: tuple[_Field, ...]


@dataclass(frozen=True)
class _SectionLayout:
    name: str
    repeat: int
    vectors: _Stream
    scalars: _Stream
    accumulators: _Stream


@dataclass(frozen=True)
class TraceLayout:
    """The order of everything that the trace ports emit in one run of ``token``."""

    sections: tuple[_SectionLayout, ...]
    vector_lanes: int
    rows: int

    def lengths(self) -> tuple[int, int, int]:
        """Vector groups, scalars and row groups of accumulators of one run."""
        def total(stream: Callable[[_SectionLayout], _Stream]) -> int:
            return sum(part.repeat * len(stream(part).order) for part in self.sections)

        return (total(lambda part: part.vectors), total(lambda part: part.scalars),
                total(lambda part: part.accumulators))


_Emission = tuple[int, int | None, int, int, int, bool]
"""Item, operation (None: no value of the program), first entry of the value, entries, elements,
codes."""


def _stream(emissions: Iterator[_Emission]) -> _Stream:
    """Sort emissions of one repetition into values."""
    found: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    shapes: dict[tuple[int, int], tuple[int, bool]] = {}
    skipped: list[NDArray[np.intp]] = []
    position = 0
    for item, operation, first, count, elements, codes in emissions:
        if operation is None:
            skipped.append(np.arange(position, position + count))
            position += count
            continue
        key = (item, operation)
        found.setdefault(key, []).append((first, position, count))
        shapes[key] = (elements, codes)
        position += count
    order: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    fields: list[_Field] = []
    start = 0
    for key, parts in found.items():
        order += [np.arange(place, place + count) for _, place, count in sorted(parts)]
        stop = start + sum(count for _, _, count in parts)
        fields.append(_Field(*key, start, stop, *shapes[key]))
        start = stop
    return _Stream(np.concatenate([*order, *skipped]), tuple(fields))


def _vectors(section: SectionPlan) -> Iterator[_Emission]:
    for step, inner in section.walk():
        if isinstance(step, VectorStep):
            yield (step.item, step.operation, step.first + inner, step.length, step.elements,
                   step.codes)


def _scalars(section: SectionPlan) -> Iterator[_Emission]:
    for step, _ in section.walk():
        if isinstance(step, ScalarStep):
            yield step.item, 0, 0, 1, 2, False


def _accumulators(section: SectionPlan) -> Iterator[_Emission]:
    for step, _ in section.walk():
        if isinstance(step, MatmulStep):
            for block in range(step.blocks):
                first = step.first + block * step.groups
                for operation in step.operations:
                    yield step.item, -1 - operation, first, step.groups, step.rows, False


def trace_layout(plan: Plan, machine: Machine) -> TraceLayout:
    """The trace of one run of ``token`` on an accelerator that executes the plan."""
    return TraceLayout(
        tuple(
            _SectionLayout(section.name, section.repeat, _stream(_vectors(section)),
                           _stream(_scalars(section)), _stream(_accumulators(section)))
            for section in plan.sections
        ),
        machine.vector.lanes, machine.ternary.rows,
    )


def _collect(layout: TraceLayout, entries: NDArray[np.int64], values: Values,
             stream: Callable[[_SectionLayout], _Stream]) -> None:
    position = 0
    for section in layout.sections:
        part = stream(section)
        count = section.repeat * len(part.order)
        block = entries[position:position + count].reshape(
            section.repeat, len(part.order), entries.shape[1])[:, part.order]
        position += count
        for entry in part.fields:
            data = block[:, entry.start:entry.stop].reshape(section.repeat, -1)
            data = data[:, :entry.elements]
            if entry.codes:
                data = data.clip(-CODE_LIMIT, CODE_LIMIT)
            for repetition in range(section.repeat):
                key = ValueKey(section.name, repetition, entry.item, entry.operation)
                values[key] = data[repetition]


def assemble(layout: TraceLayout, vector_words: ArrayLike, scalars: ArrayLike,
             accumulators: ArrayLike) -> Values:
    """Named values, trimmed of padding, from the trace of one run.

    ``vector_words`` is [groups, vector_lanes], ``scalars`` [count, 2] (mantissa, exponent) and
    ``accumulators`` [row groups, rows], each in the order of emission. Words of a quantise are
    clamped to codes. Raises `CheckError` when a trace has another length than the program gives.
    """
    streams = (
        ("vector groups", vector_words, layout.vector_lanes),
        ("scalars", scalars, 2),
        ("row groups of accumulators", accumulators, layout.rows),
    )
    arrays = []
    for (what, data, width), length in zip(streams, layout.lengths(), strict=True):
        array = np.asarray(data, np.int64).reshape(-1, width)
        if len(array) != length:
            raise CheckError(f"the trace has {len(array)} {what}, the program gives {length}")
        arrays.append(array)
    values: Values = {}
    _collect(layout, arrays[0], values, lambda section: section.vectors)
    _collect(layout, arrays[1], values, lambda section: section.scalars)
    _collect(layout, arrays[2], values, lambda section: section.accumulators)
    return values

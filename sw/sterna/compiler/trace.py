"""From the trace of a run back to named values.

The trace ports of a machine show what its units compute in the order of execution. One repetition
of a section is the same sequence each time, so a gather index for one repetition sorts them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.compiler.emission import Emission
from sterna.compiler.plan import Plan
from sterna.compiler.registry import rules_of
from sterna.errors import CheckError
from sterna.law.arithmetic import CODE_LIMIT
from sterna.machine.keys import ValueKey
from sterna.machine.machine import Machine
from sterna.machine.strips import Strips, from_strips
from sterna.machine.traces import trace_ports
from sterna.machine.unit import TracePort

Values = dict[ValueKey, NDArray[np.int64]]


@dataclass(frozen=True)
class TracedSection:
    """What one repetition of a section shows, in order."""

    name: str
    repeat: int
    emissions: tuple[Emission, ...]


@dataclass(frozen=True)
class _Field:
    """Entries start..stop of the sorted trace have the first ``elements`` of some values."""

    item: int
    operations: tuple[int, ...]
    start: int
    stop: int
    elements: int
    codes: bool
    strips: Strips | None


@dataclass(frozen=True)
class _Stream:
    """One trace port in one section: gather order of a repetition, and the values in it."""

    section: str
    repeat: int
    order: NDArray[np.intp]
    fields: tuple[_Field, ...]


@dataclass(frozen=True)
class PortLayout:
    """The order of what a trace port shows in a run; ``width`` is the numbers of an entry."""

    shows: str
    width: int
    streams: tuple[_Stream, ...]

    @property
    def length(self) -> int:
        """Entries of a run."""
        return sum(stream.repeat * len(stream.order) for stream in self.streams)


@dataclass(frozen=True)
class TraceLayout:
    """The order of everything that the trace ports of a data path show in one run, by port."""

    ports: Mapping[str, PortLayout]


def trace_layout(plan: Plan, machine: Machine) -> TraceLayout:
    """The trace of one RUN on a machine that executes the plan."""
    sections = tuple(
        TracedSection(section.name, section.repeat, tuple(
            shown for step, inner in section.walk() for shown in rules_of(step).shows(step, inner)))
        for section in plan.sections)
    return TraceLayout({
        top.port.name: PortLayout(_shows(sections, top.port), len(top.port.fields), tuple(
            _stream(section, top.port.name) for section in sections))
        for top in trace_ports(machine) if not top.stream})


def _shows(sections: Iterable[TracedSection], port: TracePort) -> str:
    owners = dict.fromkeys(shown.owner for section in sections for shown in section.emissions
                           if shown.port == port.name and shown.owner)
    return f"{port.shows} of {', '.join(owners)}" if owners else port.shows


def _stream(section: TracedSection, port: str) -> _Stream:
    """Sort what a port shows in one repetition into values."""
    found: dict[tuple[int, tuple[int, ...]], list[tuple[int, int, int]]] = {}
    shapes: dict[tuple[int, tuple[int, ...]], tuple[int, bool, Strips | None]] = {}
    skipped: list[NDArray[np.intp]] = []
    position = 0
    for shown in section.emissions:
        if shown.port != port:
            continue
        if shown.operations:
            key = (shown.item, shown.operations)
            found.setdefault(key, []).append((shown.first, position, shown.entries))
            shapes[key] = (shown.elements, shown.codes, shown.strips)
        else:
            skipped.append(np.arange(position, position + shown.entries))
        position += shown.entries
    order: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    fields: list[_Field] = []
    start = 0
    for key, parts in found.items():
        order += [np.arange(place, place + count) for _, place, count in sorted(parts)]
        stop = start + sum(count for _, _, count in parts)
        fields.append(_Field(*key, start, stop, *shapes[key]))
        start = stop
    return _Stream(section.name, section.repeat, np.concatenate([*order, *skipped]), tuple(fields))


def assemble(layout: TraceLayout, shown: Mapping[str, ArrayLike]) -> Values:
    """Named values, trimmed of padding, from the trace of one run.

    ``shown`` has the entries [n, fields] of every port, in the order of emission. Words of a
    quantise are clamped to codes. Raises `CheckError` when a trace has another length than the
    program gives.
    """
    values: Values = {}
    for name, port in layout.ports.items():
        entries = np.asarray(shown[name], np.int64).reshape(-1, port.width)
        if len(entries) != port.length:
            raise CheckError(
                f"the trace has {len(entries)} {port.shows}, the program gives {port.length}")
        position = 0
        for stream in port.streams:
            count = stream.repeat * len(stream.order)
            _collect(stream, entries[position:position + count], values)
            position += count
    return values


def _collect(stream: _Stream, entries: NDArray[np.int64], values: Values) -> None:
    block = entries.reshape(
        stream.repeat, len(stream.order), entries.shape[1])[:, stream.order]
    for field in stream.fields:
        side_by_side = len(field.operations)
        data = block[:, field.start:field.stop].reshape(stream.repeat, -1, side_by_side)
        if field.strips is not None:
            data = from_strips(data, field.strips, entries.shape[1])
        data = data[:, :field.elements]
        if field.codes:
            data = data.clip(-CODE_LIMIT, CODE_LIMIT)
        for repetition in range(stream.repeat):
            for column, operation in enumerate(field.operations):
                key = ValueKey(stream.section, repetition, field.item, operation)
                values[key] = data[repetition, :, column]

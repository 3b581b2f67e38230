"""From the trace of a run back to named values.

The trace ports of a machine show what its units compute in the order of execution. One repetition
of a section is the same sequence each time, so a gather index for one repetition sorts them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.compiler.plan import MatmulStep, Plan, ScalarStep, SectionPlan, VectorStep
from sterna.errors import CheckError
from sterna.law.arithmetic import CODE_LIMIT
from sterna.machine.keys import ValueKey
from sterna.machine.machine import Machine
from sterna.machine.traces import trace_ports
from sterna.machine.unit import TracePort
from sterna.program.neurons import Neurons

Values = dict[ValueKey, NDArray[np.int64]]


@dataclass(frozen=True)
class Emission:
    """Entries that a trace port shows one after another: ``entries`` of a value from ``first`` on.

    ``operations`` are those of the values that lie side by side in an entry, element by element
    (`ValueKey`); there are none where the program knows nothing of it. ``elements`` is the length
    of a whole value, ``codes`` says that it is clamped to codes.
    """

    port: str
    item: int
    operations: tuple[int, ...]
    first: int
    entries: int
    elements: int
    codes: bool = False
    owner: str = ""
    """What to name beside the port in errors, where it is that of several."""


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


def layout_of(sections: Iterable[TracedSection], machine: Machine) -> TraceLayout:
    """The layout of a run that executes the sections on a machine."""
    sections = tuple(sections)
    return TraceLayout({
        top.port.name: PortLayout(_shows(sections, top.port), len(top.port.fields), tuple(
            _stream(section, top.port.name) for section in sections))
        for top in trace_ports(machine) if not top.stream})


def _shows(sections: Iterable[TracedSection], port: TracePort) -> str:
    owners = dict.fromkeys(shown.owner for section in sections for shown in section.emissions
                           if shown.port == port.name and shown.owner)
    return f"{port.shows} of {', '.join(owners)}" if owners else port.shows


def trace_layout(plan: Plan, machine: Machine) -> TraceLayout:
    """The trace of one run of ``token`` on an accelerator that executes the plan."""
    return layout_of((TracedSection(section.name, section.repeat, tuple(_emissions(section)))
                      for section in plan.sections), machine)


def neuron_emissions(index: int, item: Neurons, kind: int, lanes: int) -> Iterator[Emission]:
    """What a population, item ``index`` of its section, shows at the ports of its kind."""
    groups = -(-item.length // lanes)
    states = tuple(range(1, 1 + len(item.definition.states)))
    for name, operations in (("sums", (-1,)), ("outputs", (0,)), ("states", states)):
        yield Emission(f"{kind}_{name}", index, operations, 0, groups, item.length,
                       owner=item.name)


def _emissions(section: SectionPlan) -> Iterator[Emission]:
    for step, inner in section.walk():
        if isinstance(step, VectorStep):
            known = () if step.operation is None else (step.operation,)
            yield Emission("vector", step.item, known, step.first + inner, step.length,
                           step.elements, step.codes)
        elif isinstance(step, ScalarStep):
            yield Emission("scalar", step.item, (0,), 0, 1, 2)
        elif isinstance(step, MatmulStep):
            for block in range(step.blocks):
                first = step.first + block * step.groups
                for operation in step.operations:
                    yield Emission("accumulators", step.item, (-1 - operation,), first,
                                   step.groups, step.rows)


def _stream(section: TracedSection, port: str) -> _Stream:
    """Sort what a port shows in one repetition into values."""
    found: dict[tuple[int, tuple[int, ...]], list[tuple[int, int, int]]] = {}
    shapes: dict[tuple[int, tuple[int, ...]], tuple[int, bool]] = {}
    skipped: list[NDArray[np.intp]] = []
    position = 0
    for shown in section.emissions:
        if shown.port != port:
            continue
        if shown.operations:
            key = (shown.item, shown.operations)
            found.setdefault(key, []).append((shown.first, position, shown.entries))
            shapes[key] = (shown.elements, shown.codes)
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
        data = data[:, :field.elements]
        if field.codes:
            data = data.clip(-CODE_LIMIT, CODE_LIMIT)
        for repetition in range(stream.repeat):
            for column, operation in enumerate(field.operations):
                key = ValueKey(stream.section, repetition, field.item, operation)
                values[key] = data[repetition, :, column]

"""When units work in a RUN, by the clock model: what its estimate of cycles is made of."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.compiler.clock import Clock
from sterna.compiler.plan import Plan
from sterna.machine.machine import Machine
from sterna.machine.sequencer import START_CLOCKS

Span = tuple[int, int]
"""Clocks from the first on, up to the second."""


@dataclass(frozen=True)
class Timeline:
    """A RUN of so many ``cycles``: sections one after the other, and when each unit is busy."""

    cycles: int
    sections: tuple[tuple[str, int, int], ...]
    """Every repetition: its name, and its clocks as of a `Span`."""
    busy: dict[str, tuple[Span, ...]]
    """By unit, in order and apart; no source of a synapse is silent."""

    def shares(self, unit: str, parts: int) -> list[float]:
        """How much of each of so many equal parts of the RUN a unit is busy, 0 to 1."""
        width = self.cycles / parts
        found = [0.0] * parts
        for first, end in self.busy[unit]:
            part = int(first / width)
            while part < parts and part * width < end:
                found[part] += (min(end, (part + 1) * width) - max(first, part * width)) / width
                part += 1
        return [min(1.0, share) for share in found]

    def total(self, unit: str) -> int:
        """Clocks in which a unit is busy."""
        return sum(end - first for first, end in self.busy[unit])


def timeline(plan: Plan, machine: Machine) -> Timeline | None:
    """That of one RUN; None where texts take turns, which the clock model follows otherwise."""
    if machine.shared:
        return None
    clock = Clock(machine)
    busy = clock.watch()
    sections = []
    for section in plan.sections:
        if section.repeat > 1:
            clock.instruction()
        for _ in range(section.repeat):
            before = clock.now
            clock.run(section)
            sections.append((section.name, before, clock.now))
    cycles = clock.finish() + START_CLOCKS
    name, first, _ = sections[-1]
    sections[-1] = (name, first, cycles)
    return Timeline(cycles, tuple(sections), {
        unit: _joined(spans) for unit, spans in busy.items()})


def _joined(spans: list[Span]) -> tuple[Span, ...]:
    """In order, with those that touch as one."""
    found: list[Span] = []
    for first, end in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return tuple(found)

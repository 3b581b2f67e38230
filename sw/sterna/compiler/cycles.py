"""Estimate of the cycles of a RUN: the plan run against a coarse clock model of the units."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.compiler.clock import Clock
from sterna.compiler.clock_texts import TextsClock
from sterna.compiler.plan import Plan
from sterna.machine.machine import Machine
from sterna.machine.sequencer import START_CLOCKS


@dataclass(frozen=True)
class CycleEstimate:
    """Estimated clocks of one RUN, in which no source of a synapse is silent.

    ``accumulate`` are those in which the ternary engine takes a weight word (exact); ``vector``
    those in which the vector unit issues a group (exact); ``sections`` the clocks in each section.
    """

    cycles: int
    accumulate: int
    vector: int
    sections: dict[str, int]

    @property
    def utilisation(self) -> float:
        """Share of the clocks in which the engine accumulates."""
        return self.accumulate / self.cycles


def estimate_cycles(plan: Plan, machine: Machine) -> CycleEstimate:
    """Clocks of one RUN, without the link; see `CycleEstimate`."""
    if machine.shared:
        return _of_texts(plan, machine)
    clock = Clock(machine)
    sections: dict[str, int] = {}
    before = 0
    for section in plan.sections:
        if section.repeat > 1:
            clock.instruction()
        for _ in range(section.repeat):
            clock.run(section)
        sections[section.name] = clock.now - before
        before = clock.now
    cycles = clock.finish() + START_CLOCKS
    sections[plan.sections[-1].name] += cycles - before
    return CycleEstimate(cycles, clock.engine.accumulate, clock.issued, sections)


def _of_texts(plan: Plan, machine: Machine) -> CycleEstimate:
    """The same of a RUN in which all texts are active."""
    clock = TextsClock(plan, machine)
    cycles = clock.run() + START_CLOCKS
    ends = [clock.ends[section.name] for section in plan.sections[:-1]] + [cycles]
    sections = {section.name: end - start for section, start, end in zip(
        plan.sections, [0, *ends], ends, strict=False)}
    return CycleEstimate(cycles, clock.accumulate, clock.issued, sections)

"""Estimate of the cycles of a RUN: the plan run against a coarse clock model of the units."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.compiler.clock import Clock
from sterna.compiler.clock_texts import TextsClock
from sterna.compiler.plan import Plan, SectionPlan
from sterna.machine.machine import Machine
from sterna.machine.sequencer import START_CLOCKS

STEADY = 3
"""After so many repetitions of a section that take alike, the others are taken to be as long and
not run: what queues between units hold has settled. Tests compare with all of them run."""


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
    before, skipped = _Passed(clock), [0, 0, 0]
    for section in plan.sections:
        if section.repeat > 1:
            clock.instruction()
        left, each = _until_steady(clock, section)
        skipped = [count + left * more for count, more in zip(skipped, each, strict=True)]
        sections[section.name] = clock.now - before.now + left * each[0]
        before = _Passed(clock)
    cycles = clock.finish() + START_CLOCKS
    sections[plan.sections[-1].name] += cycles - before.now
    return CycleEstimate(cycles + skipped[0], clock.engine.accumulate + skipped[1],
                         clock.issued + skipped[2], sections)


def _until_steady(clock: Clock, section: SectionPlan) -> tuple[int, tuple[int, int, int]]:
    """Run a section's repetitions until `STEADY` of them take alike; how many are left, and what
    each takes."""
    alike, each = 0, (0, 0, 0)
    for left in reversed(range(section.repeat)):
        before = _Passed(clock)
        clock.run(section)
        taken = before.until(clock)
        alike, each = alike + 1 if taken == each else 1, taken
        if alike == STEADY:
            return left, each
    return 0, each


class _Passed:
    """What a clock has counted so far."""

    def __init__(self, clock: Clock) -> None:
        self.now, self._accumulate, self._issued = clock.now, clock.engine.accumulate, clock.issued

    def until(self, clock: Clock) -> tuple[int, int, int]:
        """The clocks, weight words and groups since."""
        return (clock.now - self.now, clock.engine.accumulate - self._accumulate,
                clock.issued - self._issued)


def _of_texts(plan: Plan, machine: Machine) -> CycleEstimate:
    """The same of a RUN in which all texts are active."""
    clock = TextsClock(plan, machine)
    cycles = clock.run() + START_CLOCKS
    ends = [clock.ends[section.name] for section in plan.sections[:-1]] + [cycles]
    sections = {section.name: end - start for section, start, end in zip(
        plan.sections, [0, *ends], ends, strict=False)}
    return CycleEstimate(cycles, clock.accumulate, clock.issued, sections)

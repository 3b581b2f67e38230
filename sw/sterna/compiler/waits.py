"""What each vector instruction waits for, from its distance to those it depends on.

The vector unit issues at most one group a clock and in order, so the number of groups between
a write and a read is a lower bound of the clocks between them. Where it is below the latency, the
instruction gets the weakest `Wait` that covers all its dynamic occurrences. Reads before writes
and writes after writes are in order anyway.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from sterna.compiler.plan import Plan, ScalarStep, SectionPlan, VectorStep
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import Wait

_FAR = -(1 << 20)


class _Run(NamedTuple):
    """Groups up to ``end`` that one instruction wrote, a clock each from ``start`` on."""

    end: int
    base: int
    start: int
    length: int


class _Writes:
    """Which instruction wrote a group last; what nobody wrote is in no run."""

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._runs: list[_Run] = []

    def among(self, begin: int, end: int) -> Iterator[_Run]:
        """The runs that have some of these groups."""
        index = max(0, bisect_right(self._begins, begin) - 1)
        while index < len(self._begins) and self._begins[index] < end:
            if self._runs[index].end > begin:
                yield self._runs[index]
            index += 1

    def add(self, base: int, start: int, length: int) -> None:
        """An instruction writes over what was there."""
        begins, runs, end = self._begins, self._runs, base + length
        first = bisect_left(begins, base)
        last = bisect_left(begins, end, first)
        covered = runs[last - 1] if last else None
        if first and runs[first - 1].end > base:
            runs[first - 1] = runs[first - 1]._replace(end=base)
        begins[first:last], runs[first:last] = [base], [_Run(end, base, start, length)]
        if covered is not None and covered.end > end:
            begins.insert(first + 1, end)
            runs.insert(first + 1, covered)


class _Clock:
    """Earliest issue times of an execution with the waits known so far."""

    def __init__(self, latency: int) -> None:
        self.latency = latency
        self.last = self.last_absmax = _FAR
        self.floor = 0
        self.last_length = 0
        self.writes = _Writes()

    def drain(self, last: int) -> None:
        """A taken reduction has waited for every earlier result up to the group issued last."""
        self.floor = max(self.floor, last + 1 + self.latency)

    def issue(self, step: VectorStep, inner: int, outer: int) -> bool:
        """Issue a step; returns whether its wait had to be strengthened."""
        length, changed = step.length, False
        starts = [
            address.base + inner + (outer if address.layer else 0) for address in step.reads()
        ]
        while True:
            start = self.last + 1
            if step.wait is Wait.DRAIN:
                start = self.last + self.latency
            elif step.wait is Wait.CHAIN and self.last_length >= length:
                start = self.last + 1 + max(0, self.latency - length)
            start = max(start, self.floor)
            need = Wait.NONE
            for base in starts:
                for run in self.writes.among(base, base + length):
                    if start - base - (run.start - run.base) < self.latency:
                        chained = run.base == base and run.length >= length
                        need = max(need, Wait.CHAIN if chained else Wait.DRAIN)
            if need <= step.wait:
                break
            step.wait, changed = Wait(need), True
        if step.result is not None:
            base = step.result.base + inner + (outer if step.result.layer else 0)
            self.writes.add(base, start, length)
        self.last, self.last_length = start + length - 1, length
        if step.absmax is not None:
            self.last_absmax = self.last
        return changed


def _run_section(clock: _Clock, section: SectionPlan, outer: int) -> bool:
    changed = False
    for step, inner in section.walk():
        if isinstance(step, VectorStep):
            changed |= clock.issue(step, inner, outer)
        elif isinstance(step, ScalarStep) and step.operation is ScalarCode.ABSMAX:
            clock.drain(clock.last_absmax)
        elif isinstance(step, ScalarStep) and step.operation is ScalarCode.SQUARES:
            clock.drain(clock.last)
    return changed


def set_waits(plan: Plan, latency: int) -> None:
    """Set the waits of all vector instructions of the plan.

    ``latency``: clocks from the issue of a group to the first clock in which an issued read sees
    it. Waits only grow from pass to pass, until a whole token needs no stronger one.
    """
    changed = True
    while changed:
        clock, changed = _Clock(latency), False
        for section in plan.sections:
            for repetition in range(min(section.repeat, 2)):
                changed |= _run_section(clock, section, repetition * section.step)

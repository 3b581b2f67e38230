"""What each vector instruction waits for, from its distance to those it depends on.

The vector unit issues at most one group a clock and in order, so the number of groups between
a write and a read is a lower bound of the clocks between them. Where it is below the latency, the
instruction gets the weakest `Wait` that covers all its dynamic occurrences. Reads before writes
and writes after writes are in order anyway.
"""

from __future__ import annotations

import numpy as np

from sterna.compiler.plan import Plan, ScalarStep, SectionPlan, VectorStep
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import Wait

_FAR = -(1 << 20)
_NEVER = 2 * _FAR


class _Clock:
    """Earliest issue times of an execution with the waits known so far."""

    def __init__(self, plan: Plan, latency: int) -> None:
        self.latency = latency
        self.last = self.last_absmax = _FAR
        self.floor = 0
        self.last_length = 0
        self.written = np.full(plan.vector_groups, _NEVER, np.int64)
        self.group = np.zeros(plan.vector_groups, np.int64)
        self.length = np.zeros(plan.vector_groups, np.int64)

    def drain(self, last: int) -> None:
        """A taken reduction has waited for every earlier result up to the group issued last."""
        self.floor = max(self.floor, last + 1 + self.latency)

    def issue(self, step: VectorStep, inner: int, outer: int) -> bool:
        """Issue a step; returns whether its wait had to be strengthened."""
        length, changed = step.length, False
        groups = np.arange(length)
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
                late = start + groups - self.written[base:base + length] < self.latency
                if not late.any():
                    continue
                chained = (self.group[base:base + length] == groups) & (
                    self.length[base:base + length] >= length
                )
                need = max(need, Wait.CHAIN if chained[late].all() else Wait.DRAIN)
            if need <= step.wait:
                break
            step.wait, changed = Wait(need), True
        if step.result is not None:
            base = step.result.base + inner + (outer if step.result.layer else 0)
            self.written[base:base + length] = start + groups
            self.group[base:base + length] = groups
            self.length[base:base + length] = length
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
        clock, changed = _Clock(plan, latency), False
        for section in plan.sections:
            for repetition in range(min(section.repeat, 2)):
                changed |= _run_section(clock, section, repetition * section.step)

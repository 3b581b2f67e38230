"""Clocks of the matrix states.

Commands are executed one after the other: operands come, then a strip of lanes goes down all rows
of a head, a clock a row, or longer where the columns of the next strip take longer to come.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sterna.compiler.plan import StateStep
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import (
    AHEAD,
    COMMAND_CLOCKS,
    END_CLOCKS,
    OPERAND_CLOCKS,
    RESULT_LATENCY,
    STEPS_LATENCY,
    MatrixStates,
)
from sterna.machine.units.vector import vector_latency

if TYPE_CHECKING:
    from sterna.compiler.clock import Clock


class MatrixClock:
    """The command that the unit has, and when it is done with all so far (``free``)."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.free = self._loaded = self._taken = 0
        self._step: StateStep | None = None
        self._left = 0

    def command(self, clock: Clock, step: StateStep) -> None:
        """A command; it runs when its operands are there."""
        self._loaded = max(clock.instruction(self._loaded) + COMMAND_CLOCKS, self.free)
        self._step, self._left, self._taken = step, step.takes, self._loaded
        if not self._left:
            self._run(clock.given[MatrixStates.name])

    def take(self, start: int, given: deque[int]) -> int:
        """A group of an operand is sent, not before a clock; when there is room for it."""
        arrival = start + vector_latency(self._machine)
        self._taken = max(self._taken + 1, arrival)
        self._left -= 1
        if not self._left:
            self._run(given)
        return start

    def _run(self, given: deque[int]) -> None:
        """The pass: every strip of a head, and what is read of it."""
        step, unit = self._step, self._machine.matrix
        assert step is not None
        lanes, groups = self._machine.vector.lanes, 0
        strips = unit.strips(step.columns)
        now = self._taken + OPERAND_CLOCKS * (2 + 2 * unit.products) + AHEAD + unit.lanes
        elements = done = 0
        for _ in range(step.heads):
            for strip in range(strips):
                now += step.rows
                if step.read and not step.by_columns:
                    width = min(unit.lanes, step.columns - strip * unit.lanes)
                    first = max(now + STEPS_LATENCY + RESULT_LATENCY, done)
                    for column in range(width):
                        elements, done = elements + 1, first + column
                        if elements % lanes == 0:
                            given.append(done)
                            groups += 1
                now = max(now, now - step.rows + AHEAD + unit.lanes)
            if step.read and step.by_columns:
                now += STEPS_LATENCY + step.rows
                for row in range(step.rows):
                    elements, done = elements + 1, now - step.rows + row + RESULT_LATENCY
                    if elements % lanes == 0:
                        given.append(done)
                        groups += 1
        now = max(now + STEPS_LATENCY, done)
        given.extend([now + 2] * (step.gives - groups))
        self.free = now + END_CLOCKS


def issue_state(clock: Clock, step: StateStep) -> None:
    """A command of the matrix states."""
    clock.matrix.command(clock, step)

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
    COLUMN_CLOCKS,
    COMMAND_CLOCKS,
    CROSSING_CLOCKS,
    END_CLOCKS,
    OPERAND_CLOCKS,
    RESULT_CLOCKS,
    START_CLOCKS,
    STEP_CLOCKS,
    MatrixStates,
)
from sterna.machine.units.vector import vector_latency

if TYPE_CHECKING:
    from sterna.compiler.clock import Clock


class MatrixClock:
    """The command that the unit has, and when it can take the next one (``free``)."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.free = self._loaded = self._next = 0
        self._step: StateStep | None = None
        self._operands: deque[int] = deque()

    def command(self, clock: Clock, step: StateStep) -> None:
        """A command; it runs when its operands are there."""
        self._loaded = max(clock.instruction(self._loaded) + COMMAND_CLOCKS, self.free)
        self._step, self._operands = step, deque(step.operands)
        self._next = self._loaded + OPERAND_CLOCKS
        self._go_on(clock)

    def take(self, clock: Clock, start: int) -> int:
        """A group of an operand is sent, not before a clock; when there is room for it."""
        self._next = max(self._next, start + vector_latency(self._machine)) + 1
        self._operands[0] -= 1
        if not self._operands[0]:
            self._operands.popleft()
            self._next += OPERAND_CLOCKS - 1
            self._go_on(clock)
        return start

    def _go_on(self, clock: Clock) -> None:
        """To the next operand that has words, or the pass."""
        while self._operands and not self._operands[0]:
            self._operands.popleft()
            self._next += OPERAND_CLOCKS
        if not self._operands:
            self._run(clock)

    def _run(self, clock: Clock) -> None:
        """The pass: every strip of a head, and what is read of it."""
        step, unit = self._step, self._machine.matrix
        assert step is not None
        strips, lanes = unit.strips(step.columns), self._machine.vector.lanes
        ahead = unit.lanes + COLUMN_CLOCKS + CROSSING_CLOCKS * unit.by_columns
        ended = begins = self._next + START_CLOCKS + unit.lanes
        results = [0]
        for _ in range(step.heads):
            for strip in range(strips):
                width = min(unit.lanes, step.columns - strip * unit.lanes)
                ended = max(begins + step.rows, results[-1] - 1)
                begins = max(ended, begins + ahead)
                if step.read and not step.by_columns:
                    results += range(ended + RESULT_CLOCKS, ended + RESULT_CLOCKS + width)
            if step.read and step.by_columns:
                first = ended + RESULT_CLOCKS + (unit.lanes - 1).bit_length() + 1
                results += range(first, first + step.rows)
                begins = results[-1] - 2
        del results[0]
        ends = results[lanes - 1::lanes]
        if len(results) % lanes:
            ends.append(results[-1] + lanes - len(results) % lanes)
        clock.given[MatrixStates.name].extend(ends)
        self.free = max([ended + STEP_CLOCKS, *ends]) + END_CLOCKS
        clock.works(MatrixStates.name, self._next, self.free)


def issue_state(clock: Clock, step: StateStep) -> None:
    """A command of the matrix states."""
    clock.matrix.command(clock, step)

"""Clocks of the vector and the scalar unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.clock_ternary import Bank
from sterna.compiler.plan import ScalarStep, VectorStep
from sterna.machine.units.matrix import MatrixStates
from sterna.machine.units.neurons import Neurons
from sterna.machine.units.scalar import CONSTANT_CLOCKS, SCALAR_CLOCKS, ScalarCode
from sterna.machine.units.ternary import CODE_BANKS, groups_per_row_group, groups_per_tile
from sterna.machine.units.vector import (
    MultiplierSelect,
    SourceA,
    Wait,
    absmax_latency,
    code_registers,
    squares_latency,
    vector_latency,
)

if TYPE_CHECKING:
    from sterna.compiler.clock import Clock


def _command(clock: Clock) -> int:
    """Dispatch a vector or scalar command; clock in which the unit has it.

    One command waits in a register while the unit works on the one before.
    """
    clock.vector_loaded = max(clock.instruction(clock.vector_loaded - 1) + 3, clock.vector_free)
    return clock.vector_loaded


def issue_scalar(clock: Clock, step: ScalarStep) -> None:
    """A scalar operation; reductions wait for what they take."""
    start, machine = max(_command(clock), clock.scalar_free), clock.machine
    if step.operation is ScalarCode.ABSMAX:
        start = max(start, clock.last_absmax + absmax_latency(machine))
    elif step.operation is ScalarCode.SQUARES:
        start = max(start, clock.last_issue + squares_latency(machine))
    elif step.operation is ScalarCode.CONSTANT:
        start += CONSTANT_CLOCKS * (machine.vector.scalar_groups - 1)
    clock.scalar_free = start + SCALAR_CLOCKS[step.operation]
    clock.works("scalar", start, clock.scalar_free)
    clock.scalar_read = clock.scalar_free - (step.operation is not ScalarCode.ABSMAX)
    clock.vector_free = start + 1


def issue_vector(clock: Clock, step: VectorStep) -> None:
    """A vector operation, group by group where its operands come from elsewhere."""
    start, machine = _command(clock), clock.machine
    latency, interval = vector_latency(machine), machine.vector.interval
    if step.multiplier in (MultiplierSelect.SCALAR, MultiplierSelect.SCALAR_NEGATIVE):
        start = max(start, clock.scalar_read)
    if step.wait is Wait.CHAIN:
        start = max(start, clock.last_issue + max(1, latency + 1 - step.length))
    elif step.wait is Wait.DRAIN:
        start = max(start, clock.last_issue + latency)
    if step.codes:
        start = _bank(clock, start)
    starts = _starts(clock, step, start)
    end = starts[-1] + interval
    if step.codes:
        per_tile, codes = groups_per_tile(machine), latency + code_registers(machine)
        clock.engine.banks.append(Bank(
            starts[min(per_tile, step.length) - 1] + codes, interval * per_tile,
            starts[-1] + codes))
    if step.rank:
        for group in starts:
            clock.engine.rank(machine.vector.lanes, step.elements, group + latency)
    for group in starts:
        clock.works("vector", group, group + interval)
    clock.last_issue, clock.vector_free = end - interval, end
    if step.absmax is not None:
        clock.last_absmax = clock.last_issue
    clock.issued += step.length


def _bank(clock: Clock, start: int) -> int:
    """When a bank is free for codes."""
    while len(clock.engine.banks) == CODE_BANKS:
        clock.engine.accumulate_block()
    return max(start, clock.engine.released[0])


def _starts(clock: Clock, step: VectorStep, start: int) -> list[int]:
    """When each group issues: operands must be there, and who takes results must have room."""
    engine, interval, starts = clock.engine, clock.machine.vector.interval, []
    per_row_group = groups_per_row_group(clock.machine)
    for group in range(step.length):
        if step.source is SourceA.ACCUMULATORS and group % per_row_group == 0:
            while not engine.results:
                engine.accumulate_block()
            start = max(start, engine.results.popleft())
            engine.taken.append(start)
        elif step.source is SourceA.UNIT:
            start = max(start, clock.given[step.partner].popleft())
            if step.partner == Neurons.name:
                clock.populations.free = max(clock.populations.free, start + 1)
        if step.send and step.partner == Neurons.name:
            start = clock.populations.take(clock, start, clock.given[step.partner])
        elif step.send and step.partner == MatrixStates.name:
            start = clock.matrix.take(clock, start)
        starts.append(start)
        start += interval
    return starts

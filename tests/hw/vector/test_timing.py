"""Latencies that are stated, and the queue of codes under back-pressure."""

from __future__ import annotations

import pytest
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import (
    MultiplierSelect,
    SourceA,
    Wait,
    absmax_latency,
    vector_latency,
)
from sterna_hw.vector.unit import CODE_QUEUE

from tests.hw.vector.bench import Workload, run


def machine(lanes: int) -> Machine:
    return token_machine(rows=lanes, columns=lanes, vector_lanes=lanes, code_depth=64,
                                 vector_depth=64)


@pytest.mark.parametrize("lanes", [2, 8])
def test_from_absmax_to_codes(lanes: int) -> None:
    """The barrier in front of every matrix; the last commands are in a queue by then."""
    shape = machine(lanes)
    work = Workload(shape)
    work.accumulators += [[100 + lane for lane in range(lanes)]] * 5
    work.vector(length=5, a_source=SourceA.ACCUMULATORS, multiplier=MultiplierSelect.ONE, write=1,
                absmax=1)
    work.scalar(operation=ScalarCode.ABSMAX, result=1)
    work.scalar(operation=ScalarCode.CODE_SCALE, a=1, result=2)
    work.vector(length=5, multiplier=MultiplierSelect.SCALAR, scalar=2, codes=1, wait=Wait.CHAIN)
    trace = run(work)
    assert trace.clocks[5] - trace.clocks[4] == absmax_latency(shape) + 9
    assert trace.clocks[:5] == list(range(trace.clocks[0], trace.clocks[0] + 5))


@pytest.mark.parametrize("between", [1, 3, 9])
def test_absmax_does_not_wait_for_groups_that_do_not_count(between: int) -> None:
    """What issues while the largest magnitude is on its way takes no time."""
    shape = machine(8)
    work = Workload(shape)
    work.inputs += [[-100 + lane for lane in range(8)]] * 5
    work.vector(length=5, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, write=1,
                absmax=1)
    work.vector(length=between, a_address=20, multiplier=MultiplierSelect.ONE)
    work.scalar(operation=ScalarCode.ABSMAX, result=1)
    work.scalar(operation=ScalarCode.CODE_SCALE, a=1, result=2)
    work.vector(length=5, multiplier=MultiplierSelect.SCALAR, scalar=2, codes=1, wait=Wait.DRAIN)
    clocks = run(work).clocks
    assert clocks[5 + between] - clocks[4] == absmax_latency(shape) + 9


@pytest.mark.parametrize("wait, length, gap", [
    (Wait.NONE, 1, 1), (Wait.CHAIN, 1, 8), (Wait.DRAIN, 1, 8), (Wait.CHAIN, 3, 6),
    (Wait.CHAIN, 8, 1), (Wait.DRAIN, 8, 8), (Wait.CHAIN, 20, 1),
])
def test_gap_between_commands(wait: Wait, length: int, gap: int) -> None:
    """Clocks from the last group of a command to the first of the next: each adds one to a word."""
    work = Workload(machine(2))
    work.inputs += [[1, -1]]
    work.vector(length=1, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, write=1,
                result_address=63)
    for turn in range(4):
        address = {} if wait != Wait.NONE else {"a_address": 30, "result_address": length * turn}
        work.vector(length=length, multiplier=MultiplierSelect.ONE, write=1,
                    wait=wait if turn else Wait.DRAIN, **address)
    work.dump()
    clocks = run(work).clocks[1:]
    for turn in range(1, 4):
        assert clocks[turn * length] - clocks[turn * length - 1] == gap


def test_loop_of_single_groups_reaches_the_end() -> None:
    """A recurrence of single groups: each needs the word before it."""
    work = Workload(machine(2))
    work.inputs += [[3, -5]]
    work.vector(length=1, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, write=1)
    for turn in range(60):
        work.vector(length=1, a_address=turn % 8, b_address=turn % 8, add_b=1, write=1,
                    multiplier=MultiplierSelect.ONE if turn % 5 else MultiplierSelect.MINUS_ONE,
                    result_address=(turn + 1) % 8, wait=Wait.CHAIN if turn % 3 else Wait.DRAIN)
    work.dump()
    trace = run(work, density=0.8)
    assert trace.clocks[40] - trace.clocks[39] >= vector_latency(work.machine)


@pytest.mark.parametrize("code_density", [0.02, 1.0])
def test_codes_wait_for_room(code_density: float) -> None:
    """More codes than the queue holds: none is lost, and nothing else stops the issue."""
    work = Workload(machine(2))
    count = 3 * CODE_QUEUE
    work.inputs += [[index, -index] for index in range(count)]
    work.vector(length=count, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, codes=1)
    work.vector(length=4, a_address=8, multiplier=MultiplierSelect.ONE)
    trace = run(work, code_density=code_density)
    first = trace.clocks[0]
    if code_density == 1.0:
        assert trace.clocks == list(range(first, first + count + 4))
    else:
        assert trace.clocks[CODE_QUEUE - 1] < first + 2 * CODE_QUEUE
        assert trace.clocks[-1] > first + 10 * CODE_QUEUE

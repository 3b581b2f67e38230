"""Waits: strong enough at every distance, and no stronger than the distance asks for."""

from __future__ import annotations

import random

import pytest
from sterna.compiler.plan import Address, BlockLoop, Plan, ScalarStep, SectionPlan, VectorStep
from sterna.compiler.waits import _Writes, set_waits
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import Wait

LATENCY = 8


def step(length, reads=None, writes=None, layer=False):
    return VectorStep(
        item=0, operation=0, elements=length, first=0, length=length,
        a=None if reads is None else Address(reads, layer),
        result=None if writes is None else Address(writes, layer),
    )


def waits(*nodes, repeat=1, distance=0):
    section = SectionPlan(name="s", repeat=repeat, step=distance, nodes=list(nodes))
    plan = Plan(sections=[section], persistent_groups=0, vector_groups=200, tables=())
    set_waits(plan, LATENCY)
    return [item.wait for item in section.steps() if isinstance(item, VectorStep)]


@pytest.mark.parametrize(("length", "wait"), [
    (1, Wait.CHAIN), (7, Wait.CHAIN), (8, Wait.NONE), (20, Wait.NONE)])
def test_directly_dependent(length, wait):
    assert waits(step(length, writes=0), step(length, reads=0))[1] is wait


@pytest.mark.parametrize(("between", "wait"), [(3, Wait.CHAIN), (4, Wait.NONE)])
def test_groups_between_count(between, wait):
    assert waits(step(4, writes=0), step(between, writes=50), step(4, reads=0))[2] is wait


def test_independent_instructions_do_not_wait():
    assert waits(step(2, writes=0), step(2, reads=10)) == [Wait.NONE, Wait.NONE]


def test_longer_reader_cannot_chain():
    assert waits(step(2, writes=0), step(4, reads=0))[1] is Wait.DRAIN


def test_reader_of_another_group_cannot_chain():
    assert waits(step(4, writes=0), step(2, reads=2))[1] is Wait.DRAIN
    assert waits(step(4, writes=0), step(2, reads=0))[1] is Wait.CHAIN


def test_reader_that_comes_late_to_the_last_groups_need_not_wait():
    assert waits(step(20, writes=0), step(2, writes=20), step(22, reads=0))[2] is Wait.NONE


def test_wait_of_one_instruction_spares_the_next():
    assert waits(step(2, writes=0), step(2, reads=0, writes=10), step(2, reads=0)) == [
        Wait.NONE, Wait.CHAIN, Wait.NONE]


def test_taken_reduction_drains():
    take = ScalarStep(item=0, operation=ScalarCode.SQUARES, result=0)
    multiply = ScalarStep(item=0, operation=ScalarCode.MULTIPLY, result=0)
    assert waits(step(2, writes=0), take, step(4, reads=0))[1] is Wait.NONE
    assert waits(step(2, writes=0), multiply, step(4, reads=0))[1] is Wait.DRAIN


def test_absmax_drains_what_counts_for_it():
    take = ScalarStep(item=0, operation=ScalarCode.ABSMAX, result=0)
    counts = step(2, writes=0)
    counts.absmax = 0
    later = step(20, writes=40)
    assert waits(counts, later, take, step(4, reads=56))[2] is Wait.DRAIN
    assert waits(counts, take, later, step(4, reads=0))[2] is Wait.NONE
    assert waits(step(2, writes=0), take, step(4, reads=0))[1] is Wait.DRAIN


def test_wait_does_not_add_to_a_drain():
    take = ScalarStep(item=0, operation=ScalarCode.SQUARES, result=0)
    nodes = (step(2, writes=0), step(2, writes=40), take, step(2, reads=0, writes=20),
             step(2, reads=20, writes=60), step(2, reads=20))
    assert waits(*nodes)[2:] == [Wait.NONE, Wait.CHAIN, Wait.NONE]


def test_dependency_on_the_block_before():
    body = (step(2, reads=98, writes=100),)
    assert waits(BlockLoop(count=4, step=2, body=body)) == [Wait.CHAIN]
    body = (step(2, reads=97, writes=100),)
    assert waits(BlockLoop(count=4, step=2, body=body)) == [Wait.DRAIN]


def test_dependency_on_the_repetition_before():
    nodes = (step(2, reads=0, layer=True), step(2, writes=10, layer=True))
    assert waits(*nodes, repeat=3, distance=10)[0] is Wait.CHAIN
    nodes = (step(2, reads=0, layer=True), step(2, writes=10, layer=True))
    assert waits(*nodes, repeat=3, distance=20)[0] is Wait.NONE


def test_what_was_written_last_over_what_in_part() -> None:
    """Against a table of every group, over writes of all lengths at all places."""
    rng, writes, table = random.Random(1), _Writes(), {}
    for start in range(2000):
        base, length = rng.randrange(60), rng.randrange(1, 20)
        writes.add(base, start, length)
        table |= {group: (base, start, length) for group in range(base, base + length)}
        begin, end = sorted(rng.sample(range(80), 2))
        found = {run[1:] for run in writes.among(begin, end)}
        assert found == {table[group] for group in range(begin, end) if group in table}

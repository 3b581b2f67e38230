"""Vector memory and registers: nothing that lives at the same time shares a place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sterna.compiler.allocation import allocate, heirs, local_spans, padded_groups, place
from sterna.compiler.lifetimes import assign, assign_registers, reduction_spans, scalar_spans
from sterna.errors import InputError
from sterna.law.arithmetic import RESULT_SCALAR
from sterna.machine.presets import token_machine
from sterna.program.instructions import second_operand

from tests.sw.compiler.programs import random_program, simple_program

SHAPE = token_machine(rows=4, columns=8, vector_lanes=2)

SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 8), st.integers(1, 9)), min_size=1, max_size=25)


@given(SPANS)
def test_vectors_that_live_together_do_not_overlap(drawn):
    spans = {str(index): (start, start + more) for index, (start, more, _) in enumerate(drawn)}
    sizes = {str(index): size for index, (_, _, size) in enumerate(drawn)}
    offsets, total = place(sizes, spans)
    for one in spans:
        assert offsets[one] + sizes[one] <= total
        for other in spans:
            apart = spans[one][1] < spans[other][0] or spans[other][1] < spans[one][0]
            below = offsets[one] + sizes[one] <= offsets[other]
            above = offsets[other] + sizes[other] <= offsets[one]
            assert one == other or apart or below or above
    busiest = max(sum(sizes[name] for name, span in spans.items() if span[0] <= time <= span[1])
                  for time in range(30))
    assert busiest <= total <= sum(sizes.values())


@pytest.mark.parametrize("seed", range(10))
def test_whole_programs(seed):
    program = random_program(seed, 30, 50, 20, 3)
    allocation = allocate(program, SHAPE)
    section = program.section("layer")
    spans = local_spans(program, section)
    step = allocation.steps["layer"]
    places = {}
    for (where, name), address in allocation.addresses.items():
        if where != "layer":
            continue
        size = padded_groups(SHAPE, program.vectors[name].length)
        copies = range(section.repeat) if address.layer else (0,)
        for copy in copies:
            start = address.base + copy * step
            places[name, copy] = (start, start + size, spans.get(name, (0, 1 << 30)))
            assert (start + size <= allocation.persistent_groups) == (name not in spans)
            assert start + size <= allocation.vector_groups
    for one, (start, stop, life) in places.items():
        for other, (start_2, stop_2, life_2) in places.items():
            apart = life[1] < life_2[0] or life_2[1] < life[0]
            assert one == other or apart or stop <= start_2 or stop_2 <= start


def test_texts_need_less_of_the_memory_that_they_share():
    """In the body of a kernel a vector takes the place of one that was used for the last time, and
    no two that are in use at an operation share one."""
    fewer = 0
    for seed in range(6):
        program = random_program(seed, 30, 50, 20, 3)
        shared = SHAPE.having(streams=2, shared=True)
        fewer += allocate(program, SHAPE).vector_groups > allocate(program, shared).vector_groups
        addresses = allocate(program, shared).addresses
        for section in program.sections:
            spans = local_spans(program, section)
            sizes = {name: padded_groups(SHAPE, program.vectors[name].length) for name in spans}
            for name, before in heirs(section, sizes, spans).items():
                assert addresses[section.name, name] == addresses[section.name, before]
            for position, item in enumerate(section.items):
                body = getattr(item, "body", ())
                uses = [{operation.a, second_operand(operation), operation.result}
                        for operation in body]
                for number in range(len(body)):
                    live = [name for name, (first, last) in spans.items()
                            if (first < position or any(name in use for use in uses[:number + 1]))
                            and (last > position or any(name in use for use in uses[number:]))
                            and first <= position <= last]
                    taken = [range(start, start + sizes[name]) for name in live
                             for start in [addresses[section.name, name].base]]
                    assert len(set().union(*taken)) == sum(map(len, taken))
    assert fewer


def test_carried_vectors_have_one_place_in_all_sections():
    allocation = allocate(simple_program(), SHAPE)
    for name in ("x", "source"):
        assert allocation.addresses["embed", name] == allocation.addresses["layer", name]


def test_local_vectors_reuse_space():
    allocation = allocate(random_program(3, 60, 60, 20, 1), SHAPE)
    program = random_program(3, 60, 60, 20, 1)
    locals_ = [v for v in program.vectors.values() if v.lifetime == "local"]
    together = sum(padded_groups(SHAPE, vector.length) for vector in locals_)
    assert allocation.vector_groups - allocation.persistent_groups <= together


@pytest.mark.parametrize("seed", range(10))
def test_registers_of_overlapping_lives_differ(seed):
    program = random_program(seed, 12, 20, 20, 2)
    registers = assign_registers(program)
    for spans, numbers in (
        (scalar_spans(program), registers.scalars),
        (reduction_spans(program, "absmax"), registers.absmax),
        (reduction_spans(program, "squares"), registers.squares),
    ):
        assert set(numbers) == set(spans)
        for one in spans:
            for other in spans:
                if one != other and numbers[one] == numbers[other]:
                    assert all(a[1] <= b[0] or b[1] <= a[0]
                               for a in spans[one] for b in spans[other])
    assert registers.scalars["first_max"] == RESULT_SCALAR


def test_register_is_reused_by_the_operation_that_reads_it_last():
    assert assign({"a": [(1, 4)], "b": [(5, 8)], "c": [(3, 6)]}, 2, "scalar") == {
        "a": 0, "b": 0, "c": 1}


def test_too_many_registers():
    spans = {str(index): [(0, 10)] for index in range(5)}
    with pytest.raises(InputError, match="more than the 4 absmax registers at 4"):
        assign(spans, 4, "absmax")

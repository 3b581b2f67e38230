"""Padding never enters a reduction unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler.padding import check_padding, look_up
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.golden import arithmetic
from sterna.machine.presets import token_machine
from sterna.program.instructions import Element, Kernel, Lookup, Unit

from tests.sw.compiler.programs import simple_program, table, with_layer

SHAPE = token_machine(rows=4, columns=8, vector_lanes=2)


def with_pair_body(program, body):
    pair = next(item for item in program.section("layer").items
                if isinstance(item, Kernel) and item.name == "pair")
    index = program.section("layer").items.index(pair)
    return with_layer(program, **{f"item_{index}": replace(pair, body=tuple(body(pair.body)))})


def reduce_table(body):
    """The look-up's result enters the sum of squares by way of an element."""
    head = [operation for operation in body[:2]]
    return [*head, Element(result="h", a="bent", multiplier=Unit(1), squares="total"),
            replace(body[3], squares=None), body[4]]


def test_table_that_is_not_zero_at_zero():
    program = simple_program(wide=35, zero=5)
    check_padding(program, SHAPE)
    with pytest.raises(InputError, match="padding behind element 35 is not known to be zero"):
        check_padding(with_pair_body(program, reduce_table), SHAPE)


def test_same_program_without_padding_or_with_a_table_of_zero():
    check_padding(with_pair_body(simple_program(wide=36, zero=5), reduce_table), SHAPE)
    check_padding(with_pair_body(simple_program(wide=35, zero=0), reduce_table), SHAPE)


def test_row_groups_pad_more_than_vector_groups():
    program = with_pair_body(simple_program(wide=34, zero=5), reduce_table)
    check_padding(program, token_machine(rows=2, columns=8, vector_lanes=2))
    with pytest.raises(InputError, match="padding"):
        check_padding(program, SHAPE)


def test_state_that_grows_in_its_padding():
    """The padding is zero in the first token and not in the second."""
    def body(before):
        # h = bent + h, and h enters the reduction before it is written.
        return [replace(before[3], a="up", multiplier=Unit(1), addend="h"),
                *before[:2], Element(result="h", a="bent", multiplier=Unit(1), addend="h"),
                before[4]]

    def reordered(before):
        changed = body(before)
        return [changed[1], changed[2], changed[0], changed[3], changed[4]]

    check_padding(with_pair_body(simple_program(wide=35, zero=0), reordered), SHAPE)
    with pytest.raises(InputError, match="padding"):
        check_padding(with_pair_body(simple_program(wide=35, zero=5), reordered), SHAPE)


def test_schedule_checks():
    with pytest.raises(InputError, match="padding"):
        schedule(with_pair_body(simple_program(wide=35, zero=5), reduce_table), SHAPE)


@pytest.mark.parametrize("word_bits", [12, 18])
def test_look_up_is_that_of_the_golden_executor(word_bits):
    made = table(word_bits, zero=3)
    values = arithmetic.lookup_values(made, word_bits).numpy()
    first = -(1 << (word_bits - 1))
    for word in range(first, -first, 37):
        assert look_up(made, word, word_bits) == values[word]
    assert Lookup(result="r", a="a", table="bend").table == made.name

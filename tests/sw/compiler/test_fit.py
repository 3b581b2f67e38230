"""Fitting: a fitted machine is enough, and one word less is too little."""

from __future__ import annotations

import pytest
from sterna.compiler import check_fit, compile_program, fit_machine, schedule
from sterna.compiler.fit import requirements
from sterna.compiler.placement import placed_objects
from sterna.errors import InputError
from sterna.machine.presets import token_machine
from sterna.machine.protocol import word_depth
from sterna.machine.row_memory import RowsInSdram

from tests.sw.compiler.programs import simple_program

BASE = token_machine(rows=4, columns=8, vector_lanes=2)


@pytest.mark.parametrize("embedding", ["host", "chip"])
def test_fitted_configuration_holds_the_image(embedding):
    program = simple_program(hidden=70, wide=130)
    machine = fit_machine(program, BASE, embedding)
    check_fit(program, machine, embedding)
    image = compile_program(program, machine, embedding)
    for space in image.parts:
        assert image.parts[space].words <= word_depth(machine, space)
    ternary = machine.ternary
    assert (ternary.rows, ternary.columns, ternary.block_groups) == (4, 8, 8)


@pytest.mark.parametrize("name", [
    "vector_depth", "ternary_weight_depth", "vector_constant_depth", "vector_input_depth",
    "program_depth"])
def test_one_word_less_is_refused(name):
    program = simple_program()
    fitted = fit_machine(program, BASE)
    needed = requirements(program, fitted, schedule(program, fitted), "host")[name]
    check_fit(program, fitted.having(**{name: needed}), "host")
    with pytest.raises(InputError, match=f"{name} = {needed - 1} must be at least {needed}"):
        check_fit(program, fitted.having(**{name: needed - 1}), "host")


def test_everything_that_does_not_fit_is_listed():
    program = simple_program()
    fitted = fit_machine(program, BASE)
    with pytest.raises(InputError, match="constant_depth = 1 .*; ternary_weight_depth = 1 "):
        check_fit(program, fitted.having(weight_depth=1, constant_depth=1))


def test_code_depth_and_accumulators():
    program = simple_program(hidden=70, wide=130)
    machine = fit_machine(program, BASE)
    assert machine.ternary.code_depth == 192
    assert 127 * 192 < 1 << (machine.ternary.accumulator_bits - 1) <= 2 * 127 * 192
    with pytest.raises(InputError, match="code_depth = 128 must be at least 136"):
        check_fit(program, machine.having(code_depth=128))


def test_where_the_embedding_goes():
    program = simple_program(hidden=20, rows=50)
    roomy = BASE.having(input_depth=500)
    assert compile_program(program, fit_machine(program, roomy)).placement == "chip"
    small = BASE.having(input_depth=499)
    assert compile_program(program, fit_machine(program, small)).placement == "host"
    assert fit_machine(program, small, "chip").vector.input_depth >= 500
    with pytest.raises(InputError, match="must be auto, host, chip or memory"):
        fit_machine(program, small, "board")  # type: ignore[arg-type]


def test_rows_in_a_memory_outside():
    program = simple_program(hidden=20, rows=50)
    base = BASE.having(row_memory=RowsInSdram(row_groups=1), input_depth=1)
    fitted = fit_machine(program, base)
    assert fitted.value("row_memory_row_groups") == 10 and fitted.vector.input_depth >= 500
    image = compile_program(program, fitted)
    assert (image.placement, image.input_word(7), image.embedding) == ("memory", 70, None)
    assert image.parts["input"].words == 500
    assert any((entry.name, entry.place) == ("embedding", "memory")
               for entry in placed_objects(program, fitted, "memory"))
    with pytest.raises(InputError, match="row_memory_row_groups = 9 must be at least 10"):
        check_fit(program, fitted.having(row_memory_row_groups=9))
    with pytest.raises(InputError, match="host: this machine has its rows in a memory outside"):
        fit_machine(program, base, "host")
    with pytest.raises(InputError, match="memory: this machine has its rows on the chip; give"):
        fit_machine(program, BASE, "memory")


def test_word_width_is_the_programs():
    program = simple_program(word_bits=16)
    assert fit_machine(program, BASE).vector.word_bits == 16
    with pytest.raises(InputError, match="words of 16 bits, the machine of 18"):
        schedule(program, BASE)

"""Fitting: a fitted configuration is enough, and one word less is too little."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler import check_fit, compile_program, fit_configuration, schedule
from sterna.compiler.fit import requirements
from sterna.errors import InputError
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.protocol import Space, word_depth

from tests.sw.compiler.programs import simple_program

BASE = HardwareConfiguration(rows=4, columns=8, vector_lanes=2)


@pytest.mark.parametrize("embedding", ["host", "chip"])
def test_fitted_configuration_holds_the_image(embedding):
    program = simple_program(hidden=70, wide=130)
    configuration = fit_configuration(program, BASE, embedding)
    check_fit(program, configuration, embedding)
    image = compile_program(program, configuration, embedding)
    for space in Space:
        assert image.parts[space].words <= word_depth(configuration, space)
    assert (configuration.rows, configuration.columns, configuration.block_groups) == (4, 8, 8)


@pytest.mark.parametrize("name", [
    "vector_depth", "weight_depth", "constant_depth", "input_depth", "program_depth"])
def test_one_word_less_is_refused(name):
    program = simple_program()
    fitted = fit_configuration(program, BASE)
    needed = requirements(program, fitted, schedule(program, fitted), "host")[name]
    check_fit(program, replace(fitted, **{name: needed}), "host")
    with pytest.raises(InputError, match=f"{name} = {needed - 1} must be at least {needed}"):
        check_fit(program, replace(fitted, **{name: needed - 1}), "host")


def test_everything_that_does_not_fit_is_listed():
    program = simple_program()
    fitted = fit_configuration(program, BASE)
    with pytest.raises(InputError, match="weight_depth = 1 .*; constant_depth = 1 "):
        check_fit(program, replace(fitted, weight_depth=1, constant_depth=1))


def test_code_depth_and_accumulators():
    program = simple_program(hidden=70, wide=130)
    configuration = fit_configuration(program, BASE)
    assert configuration.code_depth == 192
    assert 127 * 192 < 1 << (configuration.accumulator_bits - 1) <= 2 * 127 * 192
    with pytest.raises(InputError, match="code_depth = 128 must be at least 136"):
        check_fit(program, replace(configuration, code_depth=128))


def test_where_the_embedding_goes():
    program = simple_program(hidden=20, rows=50)
    roomy = replace(BASE, input_depth=500)
    assert compile_program(program, fit_configuration(program, roomy)).placement == "chip"
    small = replace(BASE, input_depth=499)
    assert compile_program(program, fit_configuration(program, small)).placement == "host"
    assert fit_configuration(program, small, "chip").input_depth >= 500
    with pytest.raises(InputError, match="must be auto, host or chip"):
        fit_configuration(program, small, "board")  # type: ignore[arg-type]


def test_word_width_is_the_programs():
    program = simple_program(word_bits=16)
    assert fit_configuration(program, BASE).word_bits == 16
    with pytest.raises(InputError, match="words of 16 bits, the configuration of 18"):
        schedule(program, BASE)

"""The cycle estimate obeys what is known of every schedule."""

from __future__ import annotations

import pytest
from sterna.compiler import compile_program, fit_machine, schedule
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.packing import weight_words
from sterna.machine.presets import token_machine

from tests.sw.compiler.machine import Machine
from tests.sw.compiler.programs import random_program, simple_program


def estimate(program, **shape):
    configuration = fit_machine(
        program, token_machine(**{"rows": 4, "columns": 8, "vector_lanes": 2, **shape}))
    return estimate_cycles(schedule(program, configuration), configuration)


@pytest.mark.parametrize("seed", range(8))
def test_exact_parts_and_bounds(seed):
    program = random_program(seed, 30, 50, 40, 2)
    configuration = fit_machine(
        program, token_machine(rows=4, columns=8, vector_lanes=2))
    plan = schedule(program, configuration)
    result = estimate_cycles(plan, configuration)
    machine = Machine(compile_program(program, configuration, "host"))
    machine.run("reset")
    machine.load_row(machine.image.embedding(1))
    run = machine.run("run")
    assert result.accumulate == weight_words(plan)
    assert result.vector == run.groups_issued
    assert result.cycles > max(result.accumulate, result.vector, 2 * run.instructions)
    assert result.cycles < 2 * (result.accumulate + result.vector + 30 * run.instructions)
    assert sum(result.sections.values()) == result.cycles
    assert 0 < result.utilisation < 1


@pytest.mark.parametrize("texts", [2, 4])
def test_texts_on_one_data_path(texts):
    """All work is done; the clocks are those of the busiest unit and some more."""
    program = random_program(1, 30, 50, 40, 2)
    alone = estimate(program, streams=texts)
    shared = estimate(program, streams=texts, shared=True)
    assert shared.accumulate == texts * alone.accumulate
    assert shared.vector == texts * alone.vector
    assert max(shared.accumulate, shared.vector) < shared.cycles < 0.9 * texts * alone.cycles
    assert sum(shared.sections.values()) == shared.cycles


def test_repetitions_cost_the_same():
    one, two, five = (estimate(simple_program(repeat=repeat)).cycles for repeat in (1, 2, 5))
    assert five - two == pytest.approx(3 * (two - one), abs=12)


@pytest.mark.parametrize("size", [{}, {"hidden": 256, "wide": 512, "rows": 300},
                                  {"hidden": 20, "wide": 12}])
@pytest.mark.parametrize("shape", [{}, {"rows": 1, "columns": 4, "vector_lanes": 1},
                                   {"rows": 8, "columns": 16, "vector_lanes": 8}])
def test_repetitions_that_are_not_run_take_as_long(monkeypatch, size, shape):
    program = simple_program(repeat=12, **size)
    short = estimate(program, **shape)
    monkeypatch.setattr("sterna.compiler.cycles.STEADY", 99)
    assert short == estimate(program, **shape)


def test_large_matrices_keep_the_engine_busy():
    program = simple_program(hidden=256, wide=512, rows=300, repeat=4)
    assert estimate(program, vector_lanes=4).utilisation > 0.95


def test_more_lanes_are_faster():
    program = simple_program(hidden=200, wide=400, rows=300)
    assert estimate(program, rows=8).cycles < estimate(program).cycles

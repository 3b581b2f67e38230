"""Passes over matrix states on the emulator, what a machine cannot do, and where states lie."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import check_fit, fit_machine
from sterna.compiler.registry import compilers_of
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.golden.executor import GoldenExecutor
from sterna.machine.additions import with_snapshots
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.units.matrix import CELLS
from sterna.program.definition import Program
from sterna.program.instructions import Kernel, Unit
from sterna.program.matrix_state import MatrixState
from sterna_sim.verification import Verifier

from tests.state_programs import KINDS, state_program
from tests.sw.snapshots import check_moves, golden, open_on

TOKENS = [[1, 4, 2, 7], [3, 3]]


def fitted(program: Program, lanes: int = 4, **changes) -> Machine:
    base = fit_machine(program, PRESETS["tiny"].having(**changes))
    return fit_machine(program, base.having(matrix_lanes=lanes))


def changed(program: Program, **changes) -> Program:
    """The same with other passes, all of them."""
    sections = tuple(replace(section, items=tuple(
        replace(item, **changes) if isinstance(item, MatrixState) else item
        for item in section.items)) for section in program.sections)
    return replace(program, sections=sections)


@pytest.mark.parametrize("shape", [(3, 20, 10), (2, 1, 9), (1, 7, 4)])
@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_the_golden_s(kind: str, shape: tuple[int, int, int]) -> None:
    """Heads of 20, three heads, sizes that are no multiple of the lanes; what clips is counted."""
    program = state_program(kind, *shape, loud=True)
    machine = fitted(program).having(trace=True)
    outcome = Verifier(program, machine, board=EmulatedBoard(machine)).verify(TOKENS)
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.loud["S"] and outcome.loud["y"]
    executor = GoldenExecutor(program)
    for text in TOKENS:
        executor.reset()
        for token in text:
            executor.step(token)
    assert sum(counters.clipped for counters in outcome.runs) == executor.saturated()["S"]


def test_a_fitted_machine_has_what_the_passes_need() -> None:
    unit = fitted(state_program("delta", 2, 6, 5)).matrix
    assert (unit.heads, unit.rows, unit.columns, unit.products) == (2, 6, 5, 2)
    assert (unit.decay, unit.by_columns, unit.depth) == (True, False, 2 * 2 * 2 * 6)
    plain = fitted(state_program("bdh", 2, 6, 5)).matrix
    assert (plain.decay, plain.products, plain.multiplied) == (False, 1, 2)
    assert fitted(state_program("columns", 1, 3, 3)).matrix.by_columns
    machine = fitted(state_program("gla", 2, 6, 5), 3)
    assert machine.matrix.lanes == 3 and Machine.from_json(machine.to_json()) == machine
    # Of a program without states there is nothing left of the unit.
    program = state_program("gla", 2, 6, 5)
    assert not fit_machine(without_states(program), fitted(program)).has("matrix")


def without_states(program: Program) -> Program:
    first, *_ = program.sections
    return replace(program, sections=(first, program.sections[-1]), matrices={
        key: value for key, value in program.matrices.items() if key[0] == "head"})


@pytest.mark.parametrize(("fields", "reason"), [
    ({"matrix_decay": False}, "a decay; set matrix_decay"),
    ({"matrix_products": 1}, "2 products; set matrix_products"),
    ({"matrix_read_shift": 13}, "its read_shift is 12, that of the machine 13"),
    ({"matrix_depth": 23}, "matrix_depth = 23 must be at least 48"),
    ({"matrix_rows": 5}, "matrix_rows = 5 must be at least 6"),
    ({"matrix_operand_depth": 2}, "matrix_operand_depth = 2 must be at least 6"),
])
def test_what_the_unit_is_not_built_for_is_told(fields: dict, reason: str) -> None:
    program = state_program("delta", 2, 6, 5)
    machine = fitted(program)
    check_fit(program, machine)
    with pytest.raises(InputError, match=reason):
        check_fit(program, machine.having(**fields))


def test_reading_by_columns_needs_its_sums() -> None:
    program = state_program("columns", 2, 6, 5)
    with pytest.raises(InputError, match="reading by columns; set matrix_by_columns"):
        check_fit(program, fitted(program).having(matrix_by_columns=False))


def test_the_input_is_no_operand() -> None:
    program = changed(state_program("gla", 2, 6, 4, hidden=12), products=(), read="input")
    with pytest.raises(InputError, match="reads the input, which only a kernel can read"):
        fit_machine(program, PRESETS["tiny"])


def test_texts_on_one_data_path_have_none() -> None:
    program = state_program("gla", 2, 6, 4)
    with pytest.raises(InputError, match="machine: texts on one data path take no matrix states"):
        fitted(program).having(streams=2, shared=True)


def test_what_is_read_enters_reductions() -> None:
    """As it is: behind its elements are zeros, where other units leave what is not known."""
    program = state_program("gla", 3, 5, 7)
    sections = tuple(replace(section, items=tuple(
        replace(item, body=(replace(item.body[0], multiplier=Unit(1), shift=0),))
        if isinstance(item, Kernel) and item.name == "gain" else item for item in section.items))
        for section in program.sections)
    machine = fitted(replace(program, sections=sections)).having(trace=True)
    outcome = Verifier(replace(program, sections=sections), machine,
                       board=EmulatedBoard(machine)).verify(TOKENS)
    assert outcome.differences == 0, outcome.first_difference


def test_states_are_read_written_and_moved() -> None:
    """Golden and emulator go on from each other; a word has the cells of a strip."""
    program = state_program("rwkv", 3, 5, 6)
    machine = with_snapshots(fitted(program))
    image = compile_program(program, machine)
    board = open_on(EmulatedBoard(machine), image)
    check_moves([golden(program, image), board], program)
    kept = {item.name: item for item in compilers_of(machine)["matrix"].kept(program, machine)}
    assert [(item.first, item.words, item.space) for item in kept.values()] == [
        (0, 30, CELLS), (30, 30, CELLS)]
    assert board.snapshot().values["layer[1].S"].shape == (3 * 5 * 6,)


def test_two_token_streams_have_states_of_their_own() -> None:
    program = state_program("delta", 2, 6, 5)
    machine = fitted(program, streams=2).having(trace=True)
    assert not schedule(program, machine).chained
    outcome = Verifier(program, machine, board=EmulatedBoard(machine), seed=3).verify(
        [[1, 4, 2, 7], [3, 3, 5], [8, 9]])
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.tokens == 9

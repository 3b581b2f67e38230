"""Matrix states in the generated Verilog: every value is the golden's, and clocks as estimated."""

from __future__ import annotations

import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.schedule import schedule
from sterna_sim.board import SimulatedBoard
from sterna_sim.verification import Verifier

from tests.state_programs import state_program
from tests.sw.compiler.test_matrix_states import fitted


@pytest.mark.long  # the like of it runs on the one machine
@pytest.mark.verilator
def test_every_value_is_the_golden_s() -> None:
    """Three heads of 7 columns on 4 lanes, read by rows and by columns, under pauses of the link.
    """
    program = state_program("columns", 3, 5, 7)
    machine = fitted(program).having(trace=True)
    board = SimulatedBoard(machine, stall_permille=200, seed=1)
    outcome = Verifier(program, machine, board=board).verify([[1, 4, 2], [3]])
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.tokens == 4 and outcome.loud["S"] and outcome.loud["y"]
    estimate = estimate_cycles(schedule(program, machine), machine).cycles
    assert [run.cycles for run in outcome.runs] == pytest.approx([estimate] * 4, rel=.04)

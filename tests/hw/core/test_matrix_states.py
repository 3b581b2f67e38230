"""Programs with matrix states in gates: every value is the golden's, and clocks are as estimated.
"""

from __future__ import annotations

import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.schedule import schedule
from sterna.golden.executor import GoldenExecutor
from sterna_sim.verification import Verifier

from tests.hw.core.stepped_board import SteppedBoard
from tests.state_programs import state_program
from tests.sw.compiler.test_matrix_states import fitted

pytestmark = pytest.mark.slow
TOKENS = [[1, 4], [3]]


@pytest.mark.parametrize(("kind", "shape", "lanes", "density"), [
    pytest.param("rwkv", (3, 5, 7), 4, 1.0, marks=pytest.mark.long),
    pytest.param("delta", (2, 6, 4), 2, 0.3, marks=pytest.mark.long),
    ("columns", (1, 20, 5), 4, 1.0),
])
def test_every_value_is_the_golden_s(
        kind: str, shape: tuple[int, int, int], lanes: int, density: float) -> None:
    """Three heads, columns that are no multiple of the lanes, heads of 20, and a link that pauses.
    """
    program = state_program(kind, *shape, hidden=12, loud=True)
    machine = fitted(program, lanes).having(trace=True)
    outcome = Verifier(program, machine, board=SteppedBoard(machine, density)).verify(TOKENS)
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.tokens == 3 and outcome.loud["S"]
    estimate = estimate_cycles(schedule(program, machine), machine).cycles
    assert [run.cycles for run in outcome.runs] == pytest.approx([estimate] * 3, rel=0.04)
    executor = GoldenExecutor(program)
    for text in TOKENS:
        executor.reset()
        for token in text:
            executor.step(token)
    assert sum(run.clipped for run in outcome.runs) == executor.saturated()["S"]


@pytest.mark.long
def test_two_token_streams_have_states_of_their_own() -> None:
    program = state_program("retention", 2, 3, 5, hidden=12)
    machine = fitted(program, 2, streams=2).having(trace=True)
    outcome = Verifier(program, machine, board=SteppedBoard(machine), seed=3).verify(
        [[1, 4], [3, 3], [8]])
    assert outcome.differences == 0, outcome.first_difference
    assert outcome.tokens == 5

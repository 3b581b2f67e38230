# amaranth: UnusedElaboratable=no
"""Programs of matrices, words and populations on accelerators made for them.

The like of them run on the one machine in `tests.sim.test_one_machine`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import fit_machine
from sterna.compiler.schedule import schedule
from sterna.machine.presets import PRESETS
from sterna_sim.verification import Verifier

from tests.hw.core.stepped_board import SteppedBoard
from tests.sw.compiler.mixtures import random_mixture


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "shape"), [
    (3, "tiny"), *(pytest.param(*case, marks=pytest.mark.long) for case in [
        (5, "small"), (8, "tiny"), (4, "tiny"), (7, "tiny"), (11, "tiny"), (0, "small"),
        (4, "small")])])
def test_a_mixture_is_the_golden_one(seed: int, shape: str) -> None:
    """In every value, under pauses of the link; its cycles are those that the compiler expects.

    Silent sources of synapses take less, and words worth keeping come to the head by chance.
    """
    program = random_mixture(seed)
    machine = fit_machine(program, PRESETS[shape])
    board: Any = SteppedBoard(machine.having(trace=True), 0.8, 3)
    tokens = np.random.default_rng(seed).integers(0, program.rows, 3).tolist()
    outcome = Verifier(program, machine, board=board).verify([tokens[:2], tokens[2:]])
    assert outcome.differences == 0, outcome.first_difference
    cycles = np.mean([counters.cycles for counters in outcome.runs])
    expected = estimate_cycles(schedule(program, machine, skip=False), machine).cycles
    assert 0.9 * expected < cycles < 1.07 * expected

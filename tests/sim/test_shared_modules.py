"""Simulators of large engines, whose rows are compiled once: equal vectors in equal clocks."""

from __future__ import annotations

import pytest
from sterna.compiler.fit import fit_machine
from sterna.host.counters import Counters
from sterna.machine.presets import PRESETS
from sterna_sim import build
from sterna_sim.verification import Verifier

from tests.sim.shapes import random_program

pytestmark = pytest.mark.verilator

TEXTS = [[1, 5, 3], [7, 2]]


@pytest.mark.parametrize("shape", [
    pytest.param({}, marks=pytest.mark.long), pytest.param({"streams": 2}, marks=pytest.mark.long),
    {"lane": "tables", "columns": 12, "code_depth": 72, "block_groups": 16},
], ids=["adders", "streams", "tables"])
def test_the_same_vectors_in_the_same_clocks(shape, monkeypatch):
    program = random_program(48, 2, 40, 33, seed=5)
    machine = fit_machine(program, PRESETS["tiny"].having(**shape), "host")

    def verified(least: int) -> Counters:
        monkeypatch.setattr(build, "SHARED_LANES", least)
        verifier = Verifier(program, machine, "host", seed=1)
        try:
            outcome = verifier.verify(TEXTS)
        finally:
            verifier.close()
        assert outcome.first_difference is None
        assert outcome.tokens == 5 and outcome.vectors_compared > 200
        return outcome.counters

    assert verified(machine.ternary.lanes) == verified(machine.ternary.lanes + 1)

"""Texts that take turns on one data path: each computes what it computes alone, in every vector."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.fit import fit_machine
from sterna.compiler.schedule import schedule
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna_sim.verification import Verifier

from tests.sim.shapes import random_program

pytestmark = pytest.mark.verilator

TABLES = PRESETS["small"].having(columns=24, code_depth=264, block_groups=16, lane="tables",
                                 head_words=2, streams=2, shared=True)
BASES = {
    "adders": PRESETS["tiny"].having(streams=2, shared=True),
    "tables, four texts": TABLES.having(streams=4),
    "two sets of tables": TABLES.having(lane="twin_tables"),
    "long blocks": TABLES.having(block_groups=64),
}
EVERY_BASE = pytest.mark.parametrize("name", [
    "adders", *(pytest.param(name, marks=pytest.mark.long)
                for name in ("two sets of tables", "tables, four texts", "long blocks")),
])


@cache
def program() -> Program:
    return random_program(48, 2, 40, 33, seed=5)


@cache
def machine(name: str) -> Machine:
    return fit_machine(program(), BASES[name], "host")


@EVERY_BASE
def test_texts_that_join_and_leave_compute_what_they_compute_alone(name: str) -> None:
    """Of several lengths, so that some are not active; prompts are read by chained ones."""
    for seed in range(3):
        generator = np.random.default_rng(seed)
        texts = [generator.integers(0, 33, int(count)).tolist()
                 for count in generator.integers(1, 9, 9)]
        verifier = Verifier(program(), machine(name), "host", seed=seed,
                            stall_permille=int(generator.integers(0, 400)))
        try:
            outcome = verifier.verify(texts)
        finally:
            verifier.close()
        assert outcome.first_difference is None
        assert outcome.tokens == sum(map(len, texts))


@EVERY_BASE
def test_the_estimate_of_a_run_of_all_texts(name: str) -> None:
    """Within 4 % of the clocks of the RTL; all texts together take much less than one after the
    other."""
    verifier = Verifier(program(), machine(name), "host")
    try:
        device = verifier._device
        alone = device.run({0: [5]})[0].result.counters.cycles
        count = machine(name).texts
        for _ in range(count - 1):
            device.join()
        steps = device.run({text: [5 + text] for text in range(count)})
        cycles = steps[0].result.counters.cycles
    finally:
        verifier.close()
    estimate = estimate_cycles(schedule(program(), machine(name)), machine(name)).cycles
    assert abs(estimate - cycles) < 0.04 * cycles
    assert cycles < 0.85 * count * alone

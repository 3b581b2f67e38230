"""A whole accelerator with its embedding rows in a memory outside."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Chip, Memory, Sdram
from sterna.machine.presets import PRESETS
from sterna.machine.row_memory import RowMemory, RowsBesideWeights, RowsInSdram
from sterna.program.definition import Program
from sterna_sim.verification import Verification, Verifier

from tests.sim.shapes import random_program

pytestmark = pytest.mark.verilator

CLOCK = 50_000_000
SDRAM = Sdram(part="2m32", hz=CLOCK, prefetch=64)
AXI = Axi(ports=2, bits=64, burst=4, prefetch=16)


@cache
def program() -> Program:
    return random_program(60, 2, 64, 97, seed=5)


def machine(memory: Memory, rows: RowMemory, **changes: object) -> Machine:
    base = PRESETS["small"].having(memory=memory, row_memory=rows, **changes)
    return fit_machine(program(), base, "memory")


def verify(chosen: Machine, seed: int = 0, count: int = 8, stall_permille: int = 0) -> Verification:
    generator = np.random.default_rng(seed)
    texts = [generator.integers(0, 97, count).tolist() for _ in range(chosen.streams + 1)]
    verifier = Verifier(program(), chosen, "memory", seed=seed,
                        stall_permille=stall_permille)
    try:
        return verifier.verify(texts)
    finally:
        verifier.close()


@pytest.mark.parametrize("memory, rows, streams, shared", [
    pytest.param(Chip(), RowsInSdram(part="16m16", hz=CLOCK), 1, False, marks=pytest.mark.long),
    (Chip(), RowsInSdram(part="16m16", hz=CLOCK), 2, True),
    (SDRAM, RowsBesideWeights(), 2, False),
    pytest.param(AXI, RowsBesideWeights(), 2, False, marks=pytest.mark.long),
], ids=["rows alone", "of texts", "beside weights", "axi"])
def test_no_vector_differs(memory: Memory, rows: RowMemory, streams: int, shared: bool) -> None:
    """Pauses of the link shift the refreshes; rows of 15 words begin anywhere in a burst."""
    chosen = machine(memory, rows, streams=streams, shared=shared)
    for seed in range(2):
        outcome = verify(chosen, seed, stall_permille=100 * seed)
        assert outcome.first_difference is None
        assert outcome.tokens == 8 * (streams + 1) and outcome.vectors_compared > 1000

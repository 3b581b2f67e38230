"""Several token streams at once: each computes what it computes alone, in every vector."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna_sim.memory.timing import MemoryTiming
from sterna_sim.verification import Verifier

from tests.sim.shapes import random_program

pytestmark = pytest.mark.verilator

STREAMS = 3
SHAPE = (48, 2, 40, 33)
BASE = PRESETS["tiny"].having(streams=STREAMS, memory=Axi(ports=2, bits=64, burst=8, prefetch=64))


@cache
def program() -> Program:
    return random_program(*SHAPE, seed=5)


@cache
def machine() -> Machine:
    return fit_machine(program(), BASE, "host")


@pytest.mark.parametrize("seed", range(6))
def test_streams_that_join_and_leave_compute_what_they_compute_alone(seed):
    generator = np.random.default_rng(seed)
    texts = [generator.integers(0, 33, int(count)).tolist()
             for count in generator.integers(1, 9, 3 * STREAMS)]
    timing = MemoryTiming(
        latency=int(generator.integers(0, 200)), rate=int(generator.integers(8000, 130_000)),
        buffer=int(generator.integers(1, 64)),
        interval=300, refresh=int(generator.integers(1, 200)),
        stall_permille=int(generator.integers(0, 400)),
    )
    verifier = Verifier(program(), machine(), "host", seed=seed, memory=timing,
                        stall_permille=int(generator.integers(0, 400)))
    try:
        outcome = verifier.verify(texts)
    finally:
        verifier.close()
    assert outcome.first_difference is None
    assert outcome.tokens == sum(map(len, texts))


def cycles(tokens: dict[int, list[int]]) -> tuple[int, int]:
    """Clocks and runs until every stream has read its tokens, with a memory that is slow."""
    verifier = Verifier(program(), machine(), "host", memory=MemoryTiming(rate=16_384))
    clocks = runs = 0
    try:
        for _ in range(len(tokens) - 1):
            verifier._device.join()
        while tokens:
            steps = verifier._device.run(tokens)
            clocks += steps[min(steps)].result.counters.cycles
            runs += 1
            tokens = {stream: left for stream, ids in tokens.items()
                      if (left := ids[len(steps[stream].places):])}
    finally:
        verifier.close()
    return clocks, runs


def test_every_weight_is_fetched_once_for_all_streams():
    """A token of three streams takes hardly longer than one of a single stream."""
    alone, _ = cycles({0: [5]})
    together, runs = cycles({stream: [5 + stream] for stream in range(STREAMS)})
    assert runs == 1 and together < 1.05 * alone


def test_a_prompt_is_read_in_chunks():
    prompt = list(range(2, 2 + 4 * STREAMS))
    alone, _ = cycles({0: [5]})
    clocks, runs = cycles({0: prompt})
    assert runs == 4 and clocks < 1.1 * 4 * alone

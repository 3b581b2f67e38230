"""Several token streams at once: each computes what it computes alone, in every vector."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sterna.compiler.fit import fit_configuration
from sterna.program.configuration import HardwareConfiguration
from sterna.program.definition import Program
from sterna_sim.memory.timing import MemoryTiming
from sterna_sim.verification import Verifier

from tests.sim.shapes import random_program
from tests.sim.test_external_weights import BASE

pytestmark = pytest.mark.verilator

STREAMS = 3


@cache
def program() -> Program:
    return random_program(96, 2, 100, 97, seed=5)


@cache
def configuration(embedding: str) -> HardwareConfiguration:
    return fit_configuration(program(), replace(BASE, streams=STREAMS), embedding)


@pytest.mark.parametrize("seed", range(6))
def test_streams_that_join_and_leave_compute_what_they_compute_alone(seed):
    generator = np.random.default_rng(seed)
    texts = [generator.integers(0, 97, int(count)).tolist()
             for count in generator.integers(1, 6, 3 * STREAMS)]
    timing = MemoryTiming(
        latency=int(generator.integers(0, 200)), rate=int(generator.integers(8000, 130_000)),
        buffer=int(generator.integers(1, 64)),
        interval=300, refresh=int(generator.integers(1, 200)),
        stall_permille=int(generator.integers(0, 400)),
    )
    verifier = Verifier(program(), configuration("host"), "host", seed=seed, memory=timing,
                        stall_permille=int(generator.integers(0, 400)))
    try:
        outcome = verifier.verify(texts)
    finally:
        verifier.close()
    assert outcome.first_difference is None
    assert outcome.tokens == sum(map(len, texts))


def test_every_weight_is_fetched_once_for_all_streams():
    """A token of three streams takes hardly longer than one of a single stream."""
    cycles = {}
    for streams in (1, STREAMS):
        verifier = Verifier(program(), configuration("host"), "host",
                            memory=MemoryTiming(rate=16_384))
        try:
            for _ in range(streams - 1):
                verifier._device.join()
            steps = verifier._device.run({stream: [5 + stream] for stream in range(streams)})
            cycles[streams] = steps[0].result.counters.cycles
        finally:
            verifier.close()
    assert cycles[STREAMS] < 1.05 * cycles[1]

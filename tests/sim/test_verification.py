"""The generated Verilog against the golden: every vector of models of many shapes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sterna.compiler.cycles import estimate_cycles
from sterna.compiler.schedule import schedule
from sterna.golden.executor import GoldenExecutor
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna.program.instructions import Matmul
from sterna_sim.verification import Verification, Verifier

from tests.one_machine import ONE
from tests.sim.shapes import common_configuration, random_program

pytestmark = pytest.mark.verilator

LONG, HEAD_CLOCKS = 2500, 140
# Hidden width, layers, intermediate width, vocabulary, place of the embedding.
SHAPES = [
    (64, 1, 64, 97, "chip"),
    (96, 2, 100, 97, "host"),
    (160, 3, 77, 777, "host"),
    (250, 4, 190, 97, "chip"),
    (33, 2, 5, 65, "host"),
]
BASES = {
    "small": PRESETS["small"],
    "tiny": PRESETS["tiny"],
    # Two vector groups in a row group, as few columns as lanes.
    "tall": PRESETS["small"].having(rows=16, columns=8, vector_lanes=8),
    "tables": PRESETS["small"].having(rows=4, columns=24, vector_lanes=4, code_depth=264,
                      block_groups=16, lane="tables"),
    # Tables that are written ahead, and blocks whose accumulators are in block RAM.
    "twin": PRESETS["small"].having(rows=4, columns=24, vector_lanes=4, code_depth=264,
                    block_groups=16, lane="twin_tables"),
    "deep": PRESETS["small"].having(rows=4, columns=24, vector_lanes=4, code_depth=264,
                    block_groups=64, lane="tables"),
}
OTHERS = ("small", "tiny", "tall")
"""Bases that are the one machine but for the shape."""


@cache
def program(hidden: int, layers: int, intermediate: int, vocabulary: int) -> Program:
    return random_program(hidden, layers, intermediate, vocabulary, seed=hidden)


@cache
def machine(base: str) -> Machine:
    if base == "one":
        return ONE
    return common_configuration(
        BASES[base], [(program(*shape), place) for *shape, place in SHAPES]
    )


def verify(verifier: Verifier, vocabulary: int, counts: list[int]) -> Verification:
    generator = np.random.default_rng(vocabulary)
    texts = [generator.integers(0, vocabulary, count).tolist() for count in counts]
    try:
        return verifier.verify(texts)
    finally:
        verifier.close()


@pytest.mark.parametrize("base", [
    "one", "tables", "deep",
    *(pytest.param(name, marks=pytest.mark.long) for name in ("twin", *OTHERS))])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_vector_differs(base, shape):
    *sizes, place = shape
    verifier = Verifier(program(*sizes), machine(base), place)
    outcome = verify(verifier, sizes[3], [3, 2])
    assert outcome.first_difference is None
    assert (outcome.differences, outcome.tokens) == (0, 5)
    # Embedding, layers and head, each with several values, and three results, for every token.
    assert outcome.vectors_compared > 5 * (3 + 50 * sizes[1])
    check_cycles(outcome, program(*sizes), machine(base))


def check_cycles(outcome: Verification, program: Program, shape: Machine) -> None:
    """What `sterna estimate` says is within 4 % of what the counters say of a long token.

    Where the engine sets the pace it is exact to a few clocks. What candidates of the head cost
    depends on the order in which they come: up to `HEAD_CLOCKS`, which is more than 4 % where a
    token takes no more than `LONG` cycles.
    """
    expected = estimate_cycles(schedule(program, shape), shape)
    assert outcome.counters.busy == outcome.tokens * expected.accumulate
    cycles = outcome.counters.cycles / outcome.tokens
    if expected.utilisation > 0.9:
        few = 8 if shape.ternary.least_tile_clocks else 4
        assert expected.cycles == pytest.approx(cycles, abs=few)
    elif cycles > LONG:
        assert expected.cycles == pytest.approx(cycles, rel=0.04)
    else:
        assert expected.cycles == pytest.approx(cycles, abs=HEAD_CLOCKS)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_vector_differs_when_the_link_pauses(seed):
    verifier = Verifier(
        program(96, 2, 100, 97), ONE, "host", stall_permille=300, seed=seed
    )
    outcome = verify(verifier, 97, [2, 1])
    assert outcome.first_difference is None and outcome.vectors_compared > 300


def test_extreme_weights_and_inputs():
    """All weights equal, so that accumulators are as large as they can be."""
    original = program(250, 4, 190, 97)

    class Largest:
        def __getattr__(self, name: str):
            return getattr(original.parameters, name)

        def planes(self, section: str, repetition: int, name: str) -> np.ndarray:
            shape = original.parameters.planes(section, repetition, name).shape
            return np.full(shape, 1 if repetition % 2 else -1, np.int8)

        def embedding(self, token: int) -> np.ndarray:
            limit = (1 << (original.word_bits - 1)) - 1
            row = np.full(original.input_length, limit if token % 2 else -limit, np.int32)
            row[token:] //= 3
            return row

    extreme = replace(original, parameters=Largest())
    outcome = verify(Verifier(extreme, ONE, "chip"), 97, [3])
    assert outcome.first_difference is None


def test_a_single_wrong_weight_is_found_where_it_is_used():
    right = program(96, 2, 100, 97)
    section = right.sections[1]
    item, kernel = next(
        (index, item) for index, item in enumerate(section.items) if getattr(item, "matmuls", ())
    )
    matmul: Matmul = kernel.matmuls[0]
    verifier = Verifier(right, ONE, "host")

    class Wrong:
        def __getattr__(self, name: str):
            return getattr(right.parameters, name)

        def planes(self, section_name: str, repetition: int, name: str) -> np.ndarray:
            trits = right.parameters.planes(section_name, repetition, name).copy()
            if (section_name, repetition, name) == (section.name, 1, matmul.matrix):
                trits[0, 41, 7] = 1 if trits[0, 41, 7] < 1 else -1
            return trits

    verifier._golden = GoldenExecutor(
        replace(right, parameters=Wrong()), top_k=ONE.head.top_k
    )
    outcome = verify(verifier, 97, [3])
    first = outcome.first_difference
    assert outcome.differences > 0 and first is not None
    assert (first.section, first.repetition, first.item) == (section.name, 1, item)
    assert (first.name, first.element) == (matmul.result, 41)
    assert first.golden != first.simulated
    assert f"{matmul.result}[41] is {first.simulated}, golden {first.golden}" in str(first)

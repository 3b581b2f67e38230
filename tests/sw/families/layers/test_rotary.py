"""Angles of positions in integers against float64, and pairs that are turned by them."""

from __future__ import annotations

import numpy as np
from sterna.families.layers.heads import HEAD_UNIT
from sterna.families.layers.ones import UNIT_WORD
from sterna.families.layers.rotary import COSINE, SINE, Rotary, steps, turned
from sterna.families.layers.tables import EDGE, EDGE_VALUE, GATE_FRACTION, SIGMOID, layer_tables
from sterna.golden.executor import GoldenExecutor
from sterna.program.definition import Program, VectorFormat
from sterna.program.instructions import INPUT, Element, Kernel, Section, Unit
from sterna.program.validate import validate_program

from tests.sw.families.layers.test_layers import Given

PAIRS, TOKENS = 40, 400
PAIR = ("x", "y")
RESULT = ("first", "second")


def program(frequencies: np.ndarray) -> Program:
    """Of pairs of which both are the input."""
    rotary = Rotary(PAIRS)
    enter = Kernel(name="enter", length=PAIRS, body=tuple(
        Element(result=name, a=INPUT if name == "x" else "x", multiplier=Unit(1)) for name in PAIR))
    turn = Kernel(name="turn", length=PAIRS, body=turned(PAIR, RESULT, "spare"))
    vectors = {name: VectorFormat(length=PAIRS, fraction=None) for name in (*PAIR, "spare")}
    vectors |= {name: VectorFormat(length=PAIRS, fraction=None, lifetime="carried")
                for name in RESULT}
    found = Program(
        name="rotary", word_bits=18, input_length=PAIRS, rows=0,
        results=(*RESULT, COSINE, SINE), matrices={},
        sections=(Section(name="main", items=(enter, *rotary.items(), turn)),),
        tables={SIGMOID: layer_tables()[SIGMOID], COSINE: rotary.table()},
        vectors=vectors | rotary.vectors(), parameters=Given(
            {HEAD_UNIT: np.full(PAIRS, UNIT_WORD), **steps(frequencies)},
            {EDGE: EDGE_VALUE, **rotary.scalars()}))
    validate_program(found)
    return found


def test_pairs_are_turned_by_their_position() -> None:
    """Angles neither drift nor jump where words are carried and turns are whole; those of the
    first token are 0."""
    draw = np.random.default_rng(4)
    frequencies = 0.5 * draw.random(PAIRS)
    frequencies[:5] = 0, 1 / (2 * np.pi), 1 / 3, 2.0**-18, 0.5 - 2.0**-20
    golden = GoldenExecutor(program(frequencies))
    words = draw.integers(-60000, 60001, (TOKENS, PAIRS))
    for position, row in enumerate(words):
        found = golden.run(row[None])
        angle = 2 * np.pi * position * frequencies
        for name, function in ((COSINE, np.cos), (SINE, np.sin)):
            assert np.abs(found[name][0] / 2.0**GATE_FRACTION - function(angle)).max() < 9e-5
        wanted = (row * (np.cos(angle) - np.sin(angle)), row * (np.cos(angle) + np.sin(angle)))
        for name, real in zip(RESULT, wanted, strict=True):
            assert (np.abs(found[name][0] - real) <= 1 + 2 * 9e-5 * np.abs(row)).all()

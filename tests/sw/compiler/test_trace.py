"""Trace layout: sorted, trimmed, and strict about lengths."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.compiler import assemble, schedule, trace_layout
from sterna.errors import CheckError
from sterna.machine.keys import ValueKey
from sterna.machine.presets import token_machine

from tests.sw.compiler.programs import simple_program

SHAPE = token_machine(rows=4, columns=8, vector_lanes=2, block_groups=4)


@pytest.fixture
def layout():
    program = simple_program(hidden=13, wide=23, rows=30, repeat=3)
    return trace_layout(schedule(program, SHAPE), SHAPE)


def entries(layout):
    return {name: np.zeros((port.length, port.width), int) for name, port in layout.ports.items()}


def test_shapes(layout):
    values = assemble(layout, entries(layout))
    assert values[ValueKey("embed", 0, 0, 1)].shape == (13,)
    for repetition in range(3):
        assert values[ValueKey("layer", repetition, 2, 0)].shape == (13,)
        assert values[ValueKey("layer", repetition, 5, -2)].shape == (23,)
        assert values[ValueKey("layer", repetition, 0, 0)].shape == (2,)
    assert values[ValueKey("head", 0, 3, -1)].shape == (30,)


def test_codes_are_clamped_and_words_are_not(layout):
    shown = entries(layout)
    values = assemble(layout, shown | {"vector": shown["vector"] + 300})
    assert set(values[ValueKey("layer", 1, 2, 0)].tolist()) == {127}
    assert set(values[ValueKey("layer", 1, 5, 1)].tolist()) == {300}


@pytest.mark.parametrize(("which", "text"), [
    ("vector", "vector groups"), ("scalar", "scalars"),
    ("accumulators", "row groups of accumulators")])
@pytest.mark.parametrize("change", [-1, 1])
def test_length_must_be_right(layout, which, text, change):
    traces = entries(layout)
    shape = (traces[which].shape[0] + change, traces[which].shape[1])
    traces[which] = np.zeros(shape, int)
    with pytest.raises(CheckError, match=f"the trace has {shape[0]} {text}, the program gives"):
        assemble(layout, traces)

"""`sterna bench --board NAME --generate`: a text at the end of a line of which every bit counts."""

from __future__ import annotations

from fractions import Fraction

import pytest
from sterna.compiler.compile import compile_program
from sterna.families.tokens.closed_loop import ClosedLoop, closed_loop
from sterna.machine.image import MemoryImage
from sterna_sim.board import SimulatedBoard

from tests.sim.two_texts import PROGRAM, two_texts
from tests.sw.snapshots import open_on

CLOCK, BAUD, FIRST, TOKENS = 4_000_000, 1_000_000, 5, 100


def silent(step: str, done: int, parts: int) -> None:
    """Nobody looks."""


def test_its_figures() -> None:
    found = ClosedLoop(256, 0.02, 3).values({
        "streams": 2, "tokens_per_second_at_clock": 16_000, "tokens_per_second_at_user": 15_000,
        "aggregate_tokens_per_second_at_user": 25_000})
    assert found == {
        "tokens_per_second_at_user": 12_800, "aggregate_tokens_per_second_at_user": 25_000,
        "closed_loop_tokens": 256, "closed_loop_tokens_per_second": 12_800,
        "closed_loop_share": 0.8, "closed_loop_differences": 3}


@pytest.fixture(scope="module")
def image() -> MemoryImage:
    """A small machine that may be far ahead."""
    machine = two_texts().machine.having(streams=1, generate_window=256)
    return compile_program(PROGRAM, machine, "chip")


@pytest.mark.verilator
def test_the_line_hides_behind_the_engine(image: MemoryImage) -> None:
    """But for the first token and the last answer: a floor for what is between two tokens."""
    board = SimulatedBoard(image.machine, line=Fraction(CLOCK, BAUD))
    device = open_on(board, image)
    engine = device.step(FIRST).counters.cycles
    found = closed_loop(PROGRAM, device, board, CLOCK, [FIRST], TOKENS, silent)
    device.close()
    assert found.differences == 0
    assert engine < found.seconds * CLOCK / TOKENS < engine / 0.95

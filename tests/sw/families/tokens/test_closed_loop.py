"""`sterna bench --board NAME --generate`: a text at the end of a line of which every bit counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sterna.errors import InputError
from sterna.families.tokens import closed_loop as module
from sterna.families.tokens.closed_loop import ClosedLoop, closed_loop

from tests.sim.two_texts import PROGRAM, two_texts

CLOCK, BAUD, TOKENS = 4_000_000, 1_000_000, 40


def silent(step: str, done: int, parts: int) -> None:
    """Nobody looks."""


def test_its_figures() -> None:
    found = ClosedLoop(256, 0.02, 3).values(16_000)
    assert found == {
        "closed_loop_tokens": 256, "closed_loop_tokens_per_second": 12_800,
        "closed_loop_share": 0.8, "closed_loop_differences": 3}


def test_a_memory_outside_is_refused() -> None:
    image: Any = SimpleNamespace(machine=SimpleNamespace(reads_outside=True))
    with pytest.raises(InputError, match="^--generate: with a memory outside the line is not"):
        closed_loop(PROGRAM, image, CLOCK, BAUD, 5, TOKENS, silent)


@pytest.mark.verilator
def test_the_line_hides_behind_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the first token and the last answer; not where each id is asked for by itself."""
    image = two_texts()
    found = {}
    for at_once in (4, 1):
        monkeypatch.setattr(module, "AT_ONCE", at_once)
        loop = closed_loop(PROGRAM, image, CLOCK, BAUD, 5, TOKENS, silent)
        assert loop.differences == 0
        found[at_once] = loop.seconds * CLOCK / TOKENS
    # Bytes of 40 clocks: a frame of 22 and an answer of 22 + 3 are as long as a third of a token.
    assert 2_500 < found[4] < 4_000 and found[4] < found[1]

"""The float reference is what transformers computes, states too."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor

from tests.sw.families.mamba import authors
from tests.sw.families.rwkv.agreement import assert_near, assert_pieces, assert_stored, read


def states(module: Any, state: Tensor) -> list[Tensor]:
    """Two a layer."""
    return [part for layer in state for entered, cells in [module.blocks[0].parts(layer)]
            for part in (entered[0].T, cells[0])]


def test_logits_and_states_are_those_stored() -> None:
    assert_stored(authors.ARRAYS, authors.model(), authors.ids(), states)


def test_a_text_may_be_read_in_pieces() -> None:
    assert_pieces(authors.model(), authors.ids(), states)


def test_transformers_computes_the_same() -> None:
    pytest.importorskip("transformers", reason="heavy; tests/sw/families/mamba/authors.py")
    logits, behind = authors.package_logits()
    found, ours = read(authors.model(), authors.ids(), states, authors.TOKENS)
    assert_near(found, logits)
    for one, other in zip(ours, behind, strict=True):
        assert_near(one, other)

"""The float reference is what the authors' package and transformers compute, states too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv4.version import RWKV4

from tests.sw.families.rwkv4 import authors
from tests.sw.families.rwkv4.authors import ARRAYS, CONFIG, SEED, ids

MOST = 1e-4
"""Of the standard deviation."""


def ours(*lengths: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary] of the text read in such pieces, and states as transformers has
    them: [hidden, layers] of channels, attention, aa, bb and pp."""
    module = module_of(random_model(RWKV4, CONFIG, SEED))
    state, logits = module.initial_state(), []
    for piece in torch.tensor([ids()]).split(list(lengths), 1):
        found, state = module(piece, state)
        logits.append(found[0])
    entered, channels, *sums = state[:, 0].chunk(5, -1)
    return torch.cat(logits).numpy(), [part.numpy().T for part in (channels, entered, *sums)]


def assert_near(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < MOST * wanted.std()


def test_logits_and_states_are_those_stored() -> None:
    stored = np.load(ARRAYS)
    logits, states = ours(24)
    assert_near(logits, stored["package"])
    assert_near(logits, stored["transformers"])
    for index, state in enumerate(states):
        assert_near(state, stored[f"state{index}"])


def test_a_text_may_be_read_in_pieces() -> None:
    logits, states = ours(24)
    pieces, behind = ours(1, 7, 16)
    assert_near(pieces, logits)
    for found, wanted in zip(behind, states, strict=True):
        assert_near(found, wanted)


def test_transformers_computes_the_same() -> None:
    pytest.importorskip("transformers", reason="heavy; tests/sw/families/rwkv4/authors.py")
    logits, states = authors.transformers_logits()
    found, behind = ours(24)
    assert_near(found, logits)
    for one, other in zip(behind, states, strict=True):
        assert_near(one, other)


def test_the_package_computes_the_same() -> None:
    pytest.importorskip("rwkv", reason="tests/sw/families/rwkv4/authors.py")
    assert_near(ours(24)[0], authors.package_logits())

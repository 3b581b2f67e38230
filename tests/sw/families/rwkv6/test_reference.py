"""The float reference is what the authors' package computes, states too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv6.version import RWKV6

from tests.sw.families.rwkv6 import authors
from tests.sw.families.rwkv6.authors import ARRAYS, CONFIG, SEED, TOKENS, ids

MOST = 1e-4
"""Of the standard deviation."""


def ours(*lengths: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary] of the text read in such pieces, and states as the package has
    them: what entered attention, cells [heads, keys, values] and what entered channels."""
    module = module_of(random_model(RWKV6, CONFIG, SEED))
    state, logits = module.initial_state(), []
    for piece in torch.tensor([ids()]).split(list(lengths), 1):
        found, state = module(piece, state)
        logits.append(found[0])
    states = []
    for layer in state[:, 0]:
        entered, channels, cells = layer.split(module.blocks[0].sizes)
        states += [entered, cells.unflatten(0, module.blocks[0].shape), channels]
    return torch.cat(logits).numpy(), [part.numpy() for part in states]


def assert_near(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < MOST * wanted.std()


def assert_all_near(found: tuple, wanted: tuple) -> None:
    assert_near(found[0], wanted[0])
    for one, other in zip(found[1], wanted[1], strict=True):
        assert_near(one, other)


def test_logits_and_states_are_those_stored() -> None:
    stored = np.load(ARRAYS)
    states = [stored[f"state{index}"] for index in range(3 * CONFIG.num_hidden_layers)]
    assert_all_near(ours(TOKENS), (stored["package"], states))


def test_a_text_may_be_read_in_pieces() -> None:
    assert_all_near(ours(1, 7, TOKENS - 8), ours(TOKENS))


def test_the_package_computes_the_same() -> None:
    pytest.importorskip("rwkv", reason="tests/sw/families/rwkv6/authors.py")
    assert_all_near(ours(TOKENS), authors.package_logits())

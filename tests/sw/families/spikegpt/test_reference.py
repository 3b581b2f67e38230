"""The float reference is what the authors' program computes, membranes too."""

from __future__ import annotations

import numpy as np
import torch
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.random_model import random_model
from sterna.families.spikegpt.version import SPIKEGPT

from tests.sw.families.spikegpt.authors import ARRAYS, CONFIG, SEED, TOKENS, ids

MOST = 1e-4
"""Of the standard deviation."""


def ours(*lengths: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Logits [tokens, vocabulary] of the text read in such pieces, states [what, layers, hidden] as
    the program has them, and the share of neurons that fire, by populations."""
    module = module_of(random_model(SPIKEGPT, CONFIG, SEED))
    fired: list[float] = []
    for block in module.blocks:
        for neurons in (block.lif1, block.lif2):
            neurons.register_forward_hook(
                lambda module, inputs, output: fired.append(float(output[0].mean())))
    state, logits = module.initial_state(), []
    for piece in torch.tensor([ids()]).split(list(lengths), 1):
        found, state = module(piece, state)
        logits.append(found[0])
    parts = state[:, 0].unflatten(-1, (-1, CONFIG.hidden_size)).transpose(0, 1)
    return torch.cat(logits).numpy(), parts[[1, 0, 2, 3, 4, 5, 6]].numpy(), fired


def assert_near(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < MOST * wanted.std()


def test_logits_and_states_are_those_stored() -> None:
    stored = np.load(ARRAYS)
    logits, states, fired = ours(TOKENS)
    assert_near(logits, stored["logits"])
    for index, state in enumerate(states):
        assert_near(state, stored[f"state{index}"])
    assert all(0.02 < share < 0.4 for share in fired)


def test_training_reaches_every_parameter() -> None:
    module = SPIKEGPT.module(CONFIG)
    module.load_state_dict(module_of(random_model(SPIKEGPT, CONFIG, SEED)).state_dict())
    logits, _ = module(torch.tensor([ids()]))
    logits.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0
               for parameter in module.parameters())


def test_a_text_may_be_read_in_pieces() -> None:
    logits, states, _ = ours(TOKENS)
    pieces, behind, _ = ours(1, 7, TOKENS - 8)
    assert_near(pieces, logits)
    assert_near(behind, states)

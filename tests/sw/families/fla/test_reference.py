"""The float references are what flash-linear-attention computes, states too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sterna.families.rwkv.model import module_of

from tests.sw.families.fla.authors import TOKENS, arrays, ids, model
from tests.sw.families.fla.cases import CASES, FlaCase
from tests.sw.families.rwkv.test_headed_reference import assert_near

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def ours(case: FlaCase, *lengths: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary] of the text read in such pieces, and states as the package has
    them."""
    module = module_of(model(case))
    state, logits = module.initial_state(), []
    for piece in torch.tensor([ids()]).split(list(lengths), 1):
        found, state = module(piece, state)
        logits.append(found[0])
    cells = [module.blocks[0].cells(layer)[0].numpy() for layer in state]
    return torch.cat(logits).numpy(), [
        layer.swapaxes(1, 2) if case.values_first else layer for layer in cells]


@every
def test_logits_and_states_are_those_stored(case: FlaCase) -> None:
    stored = np.load(arrays(case))
    logits, states = ours(case, TOKENS)
    assert_near(logits, stored["package"])
    assert len(states) == len(stored.files) - 1
    for index, state in enumerate(states):
        assert_near(state, stored[f"state{index}"])


@every
def test_a_text_may_be_read_in_pieces(case: FlaCase) -> None:
    logits, states = ours(case, 1, 7, TOKENS - 8)
    wanted, behind = ours(case, TOKENS)
    assert_near(logits, wanted)
    for one, other in zip(states, behind, strict=True):
        assert_near(one, other)

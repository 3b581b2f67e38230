"""Whether a float reference is what the authors' package computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sterna.families.rwkv.model import module_of
from sterna.families.rwkv.weights import RwkvModel
from torch import Tensor

MOST = 1e-4
"""Of the standard deviation."""
States = Callable[[Any, Tensor], Sequence[Tensor]]
"""From the module and its last state to what the package has of it."""


def assert_near(found: np.ndarray, wanted: np.ndarray) -> None:
    """The same to `MOST`."""
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < MOST * wanted.std()


def read(model: RwkvModel, text: Sequence[int], states: States, *lengths: int
         ) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary] of a text read in pieces of such lengths, and states."""
    module = module_of(model)
    state, logits = module.initial_state(), []
    for piece in torch.tensor([text]).split(list(lengths), 1):
        found, state = module(piece, state)
        logits.append(found[0])
    return torch.cat(logits).numpy(), [part.numpy() for part in states(module, state)]


def assert_stored(arrays: Path, model: RwkvModel, text: Sequence[int], states: States) -> None:
    """Logits and states are those of a file."""
    stored = np.load(arrays)
    logits, behind = read(model, text, states, len(text))
    assert_near(logits, stored["package"])
    assert len(behind) == len(stored.files) - 1
    for index, state in enumerate(behind):
        assert_near(state, stored[f"state{index}"])


def assert_pieces(model: RwkvModel, text: Sequence[int], states: States) -> None:
    """A text may be read in pieces."""
    logits, behind = read(model, text, states, 1, 7, len(text) - 8)
    wanted, whole = read(model, text, states, len(text))
    assert_near(logits, wanted)
    for one, other in zip(behind, whole, strict=True):
        assert_near(one, other)

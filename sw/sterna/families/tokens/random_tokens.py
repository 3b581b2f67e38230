"""Token ids for commands that need any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


def random_tokens(model: TokenModel, count: int, seed: int, name: str = "tokens") -> list[int]:
    """So many ids of the vocabulary, the begin token first where the model has one.

    Raises `InputError` for a count below 1, which is the option ``name``.
    """
    if count < 1:
        raise InputError(f"{name} is {count}; it must be at least 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be 0 or more")
    ids = np.random.default_rng(seed).integers(0, model.vocabulary, count).tolist()
    if model.begin is not None:
        ids[0] = model.begin
    return ids

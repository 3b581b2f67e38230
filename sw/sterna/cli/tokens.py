"""Token ids for commands that need any."""

from __future__ import annotations

import numpy as np

from sterna.cli.model_argument import OpenModel
from sterna.errors import InputError


def random_tokens(opened: OpenModel, count: int, seed: int, name: str = "tokens") -> list[int]:
    """So many ids of the vocabulary, the begin token first where the model has one.

    Raises `InputError` for a count below 1, which is the option ``name``.
    """
    if count < 1:
        raise InputError(f"{name} is {count}; it must be at least 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be 0 or more")
    config = opened.model.config
    ids = np.random.default_rng(seed).integers(0, config.vocab_size, count).tolist()
    if opened.begin is not None:
        ids[0] = opened.begin
    return ids

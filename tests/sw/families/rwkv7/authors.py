"""Logits and states of the authors' package, on a small random RWKV-7.

    python tests/sw/families/rwkv7/authors.py

writes arrays/authors.npz, which `test_reference` reads. Made with rwkv 0.8.32 ('cpu fp32') and
torch 2.13.0, weights and ids of seed 5.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.layout import all_tensors
from sterna.families.rwkv7.version import RWKV7

ARRAYS = Path(__file__).parent / "arrays" / "authors.npz"
CONFIG = Rwkv7Config(vocab_size=97, hidden_size=60, num_hidden_layers=4, intermediate_size=52,
                     head_size=20, decay_rank=12, rate_rank=8, value_rank=5,
                     gate_rank=16)
SEED, TOKENS = 5, 24


def weights() -> dict[str, torch.Tensor]:
    """The tensors of the model by the authors' names."""
    model = random_model(RWKV7, CONFIG, SEED)
    return {key: torch.from_numpy(np.array(model.tensor(key))) for key in all_tensors(CONFIG)}


def ids() -> list[int]:
    """The text."""
    return np.random.default_rng(SEED).integers(0, CONFIG.vocab_size, TOKENS).tolist()


def package_logits() -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary] of the authors' package, a token at a time, and its states: what
    entered attention, cells [heads, values, keys], and what entered channels, of each layer."""
    os.environ["RWKV_V7_ON"] = "1"
    from rwkv.model import RWKV

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        torch.save(weights(), path.with_suffix(".pth"))
        model = RWKV(str(path), "cpu fp32")
        logits, state = [], None
        for token in ids():
            found, state = model.forward([token], state)
            logits.append(found.float().numpy().copy())
    return np.stack(logits), [part.numpy() for part in state]


def main() -> None:
    """Write the arrays."""
    logits, states = package_logits()
    ARRAYS.parent.mkdir(exist_ok=True)
    np.savez_compressed(ARRAYS, package=logits,
                        **{f"state{index}": state for index, state in enumerate(states)})


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main()

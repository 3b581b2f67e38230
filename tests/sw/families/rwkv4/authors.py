"""Logits and states of the authors' package and of transformers, on a small random model.

    python tests/sw/families/rwkv4/authors.py

writes arrays/authors.npz, which `test_reference` reads. Made with rwkv 0.8.32 ('cpu fp32'),
transformers 5.24.0 and torch 2.13.0, weights and ids of seed 5. transformers wants
TORCHDYNAMO_DISABLE=1, and no torchvision that does not match torch.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.layout import all_tensors
from sterna.families.rwkv4.version import RWKV4

ARRAYS = Path(__file__).parent / "arrays" / "authors.npz"
CONFIG = RwkvConfig(vocab_size=97, hidden_size=20, num_hidden_layers=8, intermediate_size=52)
"""More than six layers, behind which both halve the residual stream."""
SEED, TOKENS = 5, 24


def weights() -> dict[str, torch.Tensor]:
    """The tensors of the model by the authors' names."""
    model = random_model(RWKV4, CONFIG, SEED)
    return {key: torch.from_numpy(np.array(model.tensor(key))) for key in all_tensors(CONFIG)}


def ids() -> list[int]:
    """The text."""
    return np.random.default_rng(SEED).integers(0, CONFIG.vocab_size, TOKENS).tolist()


def transformers_logits() -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary], and five states [hidden, layers]."""
    import transformers

    from tests.sw.families.rwkv4.names_of_transformers import theirs

    config = transformers.RwkvConfig(
        vocab_size=CONFIG.vocab_size, hidden_size=CONFIG.hidden_size, context_length=64,
        num_hidden_layers=CONFIG.num_hidden_layers, intermediate_size=CONFIG.intermediate_size)
    model = transformers.RwkvForCausalLM(config).eval()
    model.load_state_dict({theirs(key): value for key, value in weights().items()})
    with torch.no_grad():
        found = model(torch.tensor([ids()]), use_cache=True)
    return found.logits[0].numpy(), [state[0].numpy() for state in found.state]


def package_logits() -> np.ndarray:
    """Logits [tokens, vocabulary] of the authors' package, a token at a time."""
    from rwkv.model import RWKV

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        kept = {key: value.reshape(-1) if value.dim() == 1 else value
                for key, value in weights().items()}
        torch.save(kept, path.with_suffix(".pth"))
        model = RWKV(str(path), "cpu fp32")
        logits, state = [], None
        for token in ids():
            found, state = model.forward([token], state)
            logits.append(found.float().numpy().copy())
    return np.stack(logits)


def main() -> None:
    """Write the arrays."""
    logits, states = transformers_logits()
    ARRAYS.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        ARRAYS, transformers=logits, package=package_logits(),
        **{f"state{index}": state for index, state in enumerate(states)})


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main()

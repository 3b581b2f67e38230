"""Logits and states of transformers' Mamba, on a small random model.

    TORCHDYNAMO_DISABLE=1 python -m tests.sw.families.mamba.authors

writes arrays/mamba.npz, which `test_reference` reads. Made with transformers 5.24.0 and torch
2.13.0 without torchvision, weights and ids of seed 5. Behind others, transformers is given one
token at a time: several would begin with cells of 0, and nothing tells.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from sterna.families.mamba.version import MAMBA
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.weights import RwkvModel

from tests.sw.families.mamba.case import MAMBA_CASE

ARRAYS = Path(__file__).parent / "arrays" / "mamba.npz"
SEED, TOKENS, PIECE = 5, 24, 12


def model() -> RwkvModel:
    """Of random weights."""
    return random_model(MAMBA, MAMBA_CASE.shape("authors"), SEED)


def ids() -> list[int]:
    """The text."""
    return np.random.default_rng(SEED).integers(0, 97, TOKENS).tolist()


def theirs(key: str) -> str:
    """The same tensor in a folder of transformers."""
    whole = {"emb.weight": "backbone.embeddings.weight", "head.weight": "lm_head.weight",
             "ln_out.weight": "backbone.norm_f.weight"}
    return whole.get(key) or f"backbone.{key}".replace("blocks.", "layers.").replace(
        ".att.", ".mixer.").replace(".ln1.", ".norm.")


def tensors(drawn: RwkvModel) -> dict[str, torch.Tensor]:
    """By their names there."""
    return {theirs(key): torch.from_numpy(np.array(drawn.tensor(key)))
            for key in MAMBA.tensors(drawn.config)}


def settings(config: Any) -> dict[str, Any]:
    """Of transformers' configuration."""
    return {
        "vocab_size": config.vocab_size, "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_hidden_layers, "state_size": config.state_size,
        "expand": config.intermediate_size // config.hidden_size,
        "time_step_rank": config.step_rank,
        "layer_norm_epsilon": config.norm_eps, "bos_token_id": config.bos_token_id,
        "eos_token_id": config.eos_token_id, "tie_word_embeddings": False}


def package_logits() -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary]; of each layer what entered [channels, 3], and cells [channels,
    cells]."""
    from transformers import MambaConfig, MambaForCausalLM

    drawn = model()
    package = MambaForCausalLM(MambaConfig(**settings(drawn.config))).float().eval()
    package.load_state_dict(tensors(drawn))
    logits, cache = [], None
    with torch.no_grad():
        for piece in torch.tensor([ids()]).split([PIECE, *[1] * (TOKENS - PIECE)], 1):
            found = package(piece, cache=cache, use_cache=True)
            cache = found.cache
            logits.append(found.logits[0].numpy())
        states = []
        for layer in range(drawn.config.num_hidden_layers):
            states += [cache.get_conv_state(layer)[0, :, 1:].numpy(),
                       cache.get_recurrent_state(layer)[0].numpy()]
    return np.concatenate(logits), states


def main() -> None:
    """Write the arrays."""
    logits, states = package_logits()
    np.savez_compressed(ARRAYS, package=logits, **{
        f"state{index}": state for index, state in enumerate(states)})


if __name__ == "__main__":
    main()

"""Logits and states of the package flash-linear-attention, on small random models.

    TRITON_INTERPRET=1 TORCHDYNAMO_DISABLE=1 python tests/sw/families/fla/authors.py GLA

writes arrays/gla.npz, which `test_reference` reads. Made with flash-linear-attention and fla-core
0.6.0, triton 3.9.0, transformers 5.24.0 and torch 2.13.0 without torchvision, weights and ids of
seed 5.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sterna.families.hgrn2.layout import BOUNDS
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.weights import RwkvModel

from tests.sw.families.fla.cases import CASES, FlaCase

SEED, TOKENS, PIECE = 5, 24, 12
THEIRS = {"emb.": "model.embeddings.", "blocks.": "model.layers.", "ln_out.": "model.norm.",
          "head.": "lm_head.", ".ln1.": ".attn_norm.", ".ln2.": ".mlp_norm.", ".att.": ".attn.",
          ".ffn.": ".mlp."}

def arrays(case: FlaCase) -> Path:
    """Where they are."""
    return Path(__file__).parent / "arrays" / f"{case.package.lower()}.npz"


def model(case: FlaCase) -> RwkvModel:
    """Of random weights."""
    return random_model(case.version, case.shape("authors"), SEED)


def ids() -> list[int]:
    """The text."""
    return np.random.default_rng(SEED).integers(0, 97, TOKENS).tolist()


def theirs(case: FlaCase, key: str) -> str:
    """The same tensor in a folder of the package."""
    for ours, name in THEIRS.items():
        key = key.replace(ours, name)
    return f"model.{key}" if key == BOUNDS else key.replace(".attn.norm.", f".attn.{case.norm}.")


def tensors(case: FlaCase, drawn: RwkvModel) -> dict[str, torch.Tensor]:
    """By their names there."""
    return {theirs(case, key): torch.from_numpy(np.array(drawn.tensor(key)))
            for key in case.version.tensors(drawn.config)}


def settings(case: FlaCase, config: Any) -> dict[str, Any]:
    """Of the package's configuration."""
    return {
        "vocab_size": config.vocab_size, "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_hidden_layers,
        "intermediate_size": config.intermediate_size, "norm_eps": config.norm_eps,
        "bos_token_id": config.bos_token_id, "eos_token_id": config.eos_token_id,
        **(case.settings or {})}


def package_logits(case: FlaCase) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary], read in pieces, and states and sums of each layer behind."""
    import triton.runtime.autotuner

    # Nothing is measured on a CPU: every configuration is as good.
    triton.runtime.autotuner.Autotuner._bench = lambda self, *rest, **more: [1.0, 1.0, 1.0]
    import fla.models
    import triton.language
    from fla.ops.utils import op

    # The interpreter has no such function of a device, and gives None for it.
    op.tldevice.log1p = lambda value: triton.language.log(1 + value)

    drawn = model(case)
    config = getattr(fla.models, f"{case.package}Config")(
        **settings(case, drawn.config), fuse_cross_entropy=False)
    package = getattr(fla.models, f"{case.package}ForCausalLM")(config).float().eval()
    package.load_state_dict(tensors(case, drawn))
    logits, cache = [], None
    with torch.no_grad():
        for piece in torch.tensor([ids()]).split(PIECE, 1):
            found = package(piece, past_key_values=cache, use_cache=True)
            cache = found.past_key_values
            logits.append(found.logits[0].numpy())
    # Of GLA and its like they are [head, value, key].
    states = [layer["recurrent_state"][0].numpy() for layer in cache]
    sums = [layer["ffn_state"].flatten().numpy() for layer in cache if case.sums]
    return np.concatenate(logits), [*states, *sums]


def main(title: str) -> None:
    """Write the arrays of a model."""
    case = CASES[title]
    logits, states = package_logits(case)
    np.savez_compressed(arrays(case), package=logits, **{
        f"state{index}": state for index, state in enumerate(states)})


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main(sys.argv[1])

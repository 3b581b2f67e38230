"""Logits and states of the authors' BDH, on a small random model.

    git clone https://github.com/pathwaycom/bdh
    PYTHONPATH=bdh python -m tests.sw.families.bdh.authors

writes arrays/bdh.npz, which `test_reference` reads. Made with their commit 714bc80 and torch
2.13.0, weights and ids of seed 5. Their module takes all tokens at once and has no states: these
are the sums of what its attention is given.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sterna.families.bdh.checkpoint import THEIRS
from sterna.families.bdh.version import BDH
from sterna.families.rwkv.layout import HEAD
from sterna.families.rwkv.random_model import random_model
from sterna.families.rwkv.weights import RwkvModel

from tests.sw.families.bdh.case import BDH_CASE

ARRAYS = Path(__file__).parent / "arrays" / "bdh.npz"
SEED, TOKENS = 5, 24


def model() -> RwkvModel:
    """Of random weights."""
    return random_model(BDH, BDH_CASE.shape("authors"), SEED)


def ids() -> list[int]:
    """The text."""
    return np.random.default_rng(SEED).integers(0, 97, TOKENS).tolist()


def tensors(drawn: RwkvModel) -> dict[str, torch.Tensor]:
    """By their names there."""
    found = {theirs: torch.from_numpy(np.array(drawn.tensor(ours)))
             for ours, theirs in THEIRS.items()}
    return found | {THEIRS[HEAD]: found[THEIRS[HEAD]].T.contiguous()}


def package_logits() -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary]; of each layer the cells [heads, neurons, hidden]."""
    bdh: Any = import_module("bdh")

    drawn = model()
    config = drawn.config
    package = bdh.BDH(bdh.BDHConfig(
        n_layer=config.num_hidden_layers, n_embd=config.hidden_size, n_head=config.num_heads,
        mlp_internal_dim_multiplier=config.intermediate_size // config.hidden_size,
        vocab_size=config.vocab_size)).eval()
    missing, extra = package.load_state_dict(tensors(drawn), strict=False)
    assert missing == ["attn.freqs"] and not extra
    states = []

    def see(module: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        positions = torch.arange(TOKENS).view(1, 1, -1, 1)
        keys = module.rope(positions * module.freqs, named["K"])
        states.append((keys.mT @ named["V"])[0].numpy())

    package.attn.register_forward_pre_hook(see, with_kwargs=True)
    with torch.no_grad():
        logits, _ = package(torch.tensor([ids()]))
    return logits[0].numpy(), states


def main() -> None:
    """Write the arrays."""
    logits, states = package_logits()
    np.savez_compressed(ARRAYS, package=logits, **{
        f"state{index}": state for index, state in enumerate(states)})


if __name__ == "__main__":
    main()

"""Logits and states of the authors' program, on a small random SpikeGPT.

    python tests/sw/families/spikegpt/authors.py FOLDER

writes arrays/authors.npz, which `test_reference` reads. FOLDER is a copy of ridgerchu/SpikeGPT
(029f86f), whose `src/model_run.py` runs a token at a time on a CPU, torch 2.13.0; weights and ids
of seed 5. It halves the residual stream behind every sixth layer, which changes what fires; the
model has fewer.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from sterna.families.rwkv.random_model import random_model
from sterna.families.spikegpt.configuration import SpikeGptConfig
from sterna.families.spikegpt.version import SPIKEGPT

ARRAYS = Path(__file__).parent / "arrays" / "authors.npz"
CONFIG = SpikeGptConfig(vocab_size=97, hidden_size=20, num_hidden_layers=5, intermediate_size=80)
SEED, TOKENS = 5, 32


def ids() -> list[int]:
    """The text."""
    return np.random.default_rng(SEED).integers(0, CONFIG.vocab_size, TOKENS).tolist()


def program_logits(folder: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary], and states [layers, hidden]: what entered channels and
    attention, aa, bb, pp, and membranes of attention's and channels' neurons."""
    sys.path.insert(0, folder)
    os.environ["RWKV_JIT_ON"] = "0"
    from src.model_run import RWKV_RNN

    model = random_model(SPIKEGPT, CONFIG, SEED)
    weights = {key: torch.from_numpy(np.array(model.tensor(key)))
               for key in SPIKEGPT.tensors(CONFIG)}
    with tempfile.TemporaryDirectory() as temporary:
        path = str(Path(temporary) / "model")
        torch.save(weights, f"{path}.pth")
        program = RWKV_RNN(SimpleNamespace(
            FLOAT_MODE="fp32", RUN_DEVICE="cpu", MODEL_NAME=path, n_embd=CONFIG.hidden_size,
            n_layer=CONFIG.num_hidden_layers, vocab_size=CONFIG.vocab_size, ctx_len=64))
    logits, state, first, second = [], None, None, None
    for token in ids():
        found, state, first, second = program.forward([token], state, first, second)
        logits.append(found.numpy().copy())
    states = state.unflatten(0, (CONFIG.num_hidden_layers, -1)).numpy().swapaxes(0, 1)
    membranes = [np.stack([neurons.v.numpy() for neurons in part]) for part in (first, second)]
    return np.stack(logits), [*states, *membranes]


def main(folder: str) -> None:
    """Write the arrays."""
    logits, states = program_logits(folder)
    ARRAYS.parent.mkdir(exist_ok=True)
    np.savez_compressed(ARRAYS, logits=logits,
                        **{f"state{index}": state for index, state in enumerate(states)})


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main(sys.argv[1])

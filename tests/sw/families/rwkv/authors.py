"""Logits and states of the authors' package, on small random models of matrix states.

    python tests/sw/families/rwkv/authors.py RWKV-6

writes arrays/rwkv6.npz, which `test_headed_reference` reads. Made with rwkv 0.8.32 ('cpu fp32') and
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
from sterna.families.rwkv.weights import RwkvModel

from tests.sw.families.rwkv.headed import CASES, Case

SEED, TOKENS = 5, 24


def arrays(case: Case) -> Path:
    """Where they are."""
    return Path(__file__).parent / "arrays" / f"{case.name}.npz"


def model(case: Case) -> RwkvModel:
    """Most have more than six layers, behind which the package may halve the residual stream."""
    return random_model(case.version, case.shape("authors"), SEED)


def ids() -> list[int]:
    """The text."""
    return np.random.default_rng(SEED).integers(0, 97, TOKENS).tolist()


def package_logits(case: Case) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary] of the authors' package, a token at a time, and its states: what
    entered attention, cells [heads, keys, values] (RWKV-7: values, keys), and what entered
    channels, of each layer."""
    os.environ["RWKV_V7_ON"] = str(int(case.name == "rwkv7"))
    from rwkv.model import RWKV

    drawn = model(case)
    weights = {
        key: torch.from_numpy(np.array(drawn.tensor(key)))
        for key in case.version.tensors(drawn.config)
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        torch.save(weights, path.with_suffix(".pth"))
        package = RWKV(str(path), "cpu fp32")
        logits, state = [], None
        for token in ids():
            found, state = package.forward([token], state)
            logits.append(found.float().numpy().copy())
    return np.stack(logits), [part.numpy() for part in state]


def main(title: str) -> None:
    """Write the arrays of a version; the package reads one kind of file in a process."""
    case = CASES[title]
    logits, states = package_logits(case)
    arrays(case).parent.mkdir(exist_ok=True)
    np.savez_compressed(
        arrays(case),
        package=logits,
        **{f"state{index}": state for index, state in enumerate(states)},
    )


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main(sys.argv[1])

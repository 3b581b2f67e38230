"""The float references are what the authors' package computes, states too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sterna.families.rwkv.model import module_of

from tests.sw.families.rwkv.authors import TOKENS, arrays, ids, model
from tests.sw.families.rwkv.headed import CASES, Case

MOST = 1e-4
"""Of the standard deviation."""
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def ours(case: Case, *lengths: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits [tokens, vocabulary] of the text read in such pieces, and states as the package has
    them."""
    module = module_of(model(case))
    state, logits = module.initial_state(), []
    for piece in torch.tensor([ids()]).split(list(lengths), 1):
        found, state = module(piece, state)
        logits.append(found[0])
    states = []
    for layer in state:
        entered, channels, cells = module.blocks[0].parts(layer)
        states += [entered[0], cells[0], channels[0]]
    return torch.cat(logits).numpy(), [part.numpy() for part in states]


def assert_near(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < MOST * wanted.std()


@every
def test_logits_and_states_are_those_stored(case: Case) -> None:
    stored = np.load(arrays(case))
    logits, states = ours(case, TOKENS)
    assert_near(logits, stored["package"])
    assert len(states) == len(stored.files) - 1
    for index, state in enumerate(states):
        assert_near(state, stored[f"state{index}"])


@every
def test_a_text_may_be_read_in_pieces(case: Case) -> None:
    logits, states = ours(case, 1, 7, TOKENS - 8)
    wanted, behind = ours(case, TOKENS)
    assert_near(logits, wanted)
    for one, other in zip(states, behind, strict=True):
        assert_near(one, other)


@every
def test_the_package_computes_the_same(case: Case, tmp_path: Path) -> None:
    """What it says today is what is stored."""
    pytest.importorskip("rwkv", reason="tests/sw/families/rwkv/authors.py")
    code = (
        "import sys; from pathlib import Path; from tests.sw.families.rwkv import authors; "
        "authors.arrays = lambda case: Path(sys.argv[2]); authors.main(sys.argv[1])"
    )
    subprocess.run(
        [sys.executable, "-c", code, case.version.title, tmp_path / "found.npz"], check=True
    )
    found, stored = np.load(tmp_path / "found.npz"), np.load(arrays(case))
    for name in stored.files:
        assert_near(found[name], stored[name])

"""The float references are what the authors' package computes, states too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from tests.sw.families.rwkv.agreement import assert_near, assert_pieces, assert_stored
from tests.sw.families.rwkv.authors import arrays, ids, model
from tests.sw.families.rwkv.headed import CASES, Case

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def states(module: Any, state: Tensor) -> list[Tensor]:
    """Three a layer."""
    found: list[Tensor] = []
    for layer in state:
        entered, channels, cells = module.blocks[0].parts(layer)
        found += [entered[0], cells[0], channels[0]]
    return found


@every
def test_logits_and_states_are_those_stored(case: Case) -> None:
    assert_stored(arrays(case), model(case), ids(), states)


@every
def test_a_text_may_be_read_in_pieces(case: Case) -> None:
    assert_pieces(model(case), ids(), states)


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

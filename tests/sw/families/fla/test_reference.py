"""The float references are what flash-linear-attention computes, states too."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor

from tests.sw.families.fla.authors import arrays, ids, model
from tests.sw.families.fla.cases import CASES, FlaCase
from tests.sw.families.rwkv.agreement import States, assert_pieces, assert_stored

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def states_of(case: FlaCase) -> States:
    """A layer each."""
    def states(module: Any, state: Tensor) -> list[Tensor]:
        cells = [module.blocks[0].cells(layer)[0] for layer in state]
        sums = [module.blocks[0].sums(layer)[0] for layer in state if case.sums]
        return [*(layer.swapaxes(1, 2) if case.values_first else layer for layer in cells), *sums]

    return states


@every
def test_logits_and_states_are_those_stored(case: FlaCase) -> None:
    assert_stored(arrays(case), model(case), ids(), states_of(case))


@every
def test_a_text_may_be_read_in_pieces(case: FlaCase) -> None:
    assert_pieces(model(case), ids(), states_of(case))

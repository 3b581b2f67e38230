"""The float reference is what the authors' module computes, states too."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sterna.families.bdh.configuration import BdhConfig
from sterna.families.bdh.layout import frequencies
from sterna.families.bdh.reference import turned
from torch import Tensor

from tests.sw.families.bdh import authors
from tests.sw.families.rwkv.agreement import assert_pieces, assert_stored


def states(module: Any, state: Tensor) -> list[Tensor]:
    """A layer each."""
    return [module.blocks[0].cells(layer)[0] for layer in state]


def test_logits_and_states_are_those_stored() -> None:
    assert_stored(authors.ARRAYS, authors.model(), authors.ids(), states)


def test_a_text_may_be_read_in_pieces() -> None:
    assert_pieces(authors.model(), authors.ids(), states)


def test_only_the_distance_of_two_tokens_matters() -> None:
    """However far they are in the text."""
    one, other = torch.rand(2, 10, generator=torch.Generator().manual_seed(1))
    near, far = (turned(one, torch.tensor([place + 7.0])) @ turned(other, torch.tensor([place]))
                 for place in (0.0, 100000.0))
    assert abs(near - far) < 1e-5
    assert frequencies(10)[0] == 1 / (2 * np.pi) and frequencies(8192)[-1] < 3e-6


def test_neurons_that_are_not_told() -> None:
    config = BdhConfig()
    assert (config.intermediate_size, config.neurons, config.pairs) == (32768, 8192, 4096)
    assert config.matrix_weights == 6 * 3 * 32768 * 256 + 256 * 256

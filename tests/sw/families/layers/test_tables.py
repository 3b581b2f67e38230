"""Tables of layers: the error that is stated, over every word that can go in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sterna.families.layers.tables import (
    GATE_FRACTION,
    LOG_FRACTION,
    LOG_SUM,
    LOSS,
    LOSS_FRACTION,
    SIGMOID,
    WORD_BITS,
    layer_tables,
    loss_table,
)
from sterna.golden.arithmetic import lookup, lookup_values

WORDS = np.arange(-(2 ** (WORD_BITS - 1)) + 1, 2 ** (WORD_BITS - 1))


def values(table: str) -> np.ndarray:
    found = lookup_values((layer_tables() | {LOSS: loss_table()})[table], WORD_BITS)
    return lookup(found, torch.from_numpy(WORDS)).numpy()


@pytest.mark.parametrize("table, function, fraction, most", [
    (SIGMOID, lambda x: 1 / (1 + np.exp(-x)), GATE_FRACTION, 4e-5),
    (LOG_SUM, lambda x: np.log1p(np.exp(-abs(x))), LOG_FRACTION, 1.8e-4),
    (LOSS, lambda x: -np.expm1(-np.exp(x)), LOSS_FRACTION, 8.1e-5),
])
def test_errors_are_those_stated(table, function, fraction, most) -> None:
    error = values(table) / 2**fraction - function(WORDS / 2**LOG_FRACTION)
    assert most / 2 < abs(error).max() < most


def test_the_ends_are_exact() -> None:
    """What saturates counts whole, or not at all."""
    assert values(SIGMOID)[[0, -1]].tolist() == [0, 1 << GATE_FRACTION]
    assert values(LOG_SUM)[[0, -1]].tolist() == [0, 0]

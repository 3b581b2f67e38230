"""Ternary products are exact, whatever is kept in memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sterna.golden.matrices import EXACT_COLUMNS, MatrixStore, single_thread, ternary_product


def product(trits: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return codes.astype(np.int64) @ trits.astype(np.int64).T


@pytest.mark.parametrize("streams", [1, 2, 7])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 250), (777, 97), (600, 1000)])
def test_products_are_exact(streams, rows, columns):
    generator = np.random.default_rng(rows + columns)
    trits = generator.integers(-1, 2, (rows, columns), np.int8)
    codes = generator.integers(-127, 128, (streams, columns))
    for stored in (torch.from_numpy(trits), torch.from_numpy(trits).float()):
        result = ternary_product(stored, torch.from_numpy(codes))
        assert result.dtype == torch.int64
        assert np.array_equal(result.numpy(), product(trits, codes))


@pytest.mark.parametrize("dtype", [torch.int8, torch.float32])
def test_the_largest_sums_are_exact_in_very_wide_matrices(dtype):
    columns = 2 * EXACT_COLUMNS + 3
    trits = torch.ones(2, columns, dtype=dtype)
    trits[1, 0] = -1
    codes = torch.full((1, columns), 127)
    codes[0, 1] = 126
    expected = 127 * columns - 1
    assert ternary_product(trits, codes).tolist() == [[expected, expected - 254]]


def test_store_fetches_once_within_its_budget():
    fetched = []

    def fetch(key):
        fetched.append(key)
        return np.ones((4, 8), np.int8)

    codes = torch.full((1, 8), 2)
    first, second = ("a", 0, "m"), ("a", 1, "m")
    store = MatrixStore(fetch, budget=4 * 8 * 4)
    for key in (first, second, first, second):
        assert store.product(key, codes).tolist() == [[16] * 4]
    assert fetched == [first, second, second]


def test_threads_are_restored_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="inside"), single_thread():
        assert torch.get_num_threads() == 1
        raise ValueError("inside")
    assert torch.get_num_threads() == before

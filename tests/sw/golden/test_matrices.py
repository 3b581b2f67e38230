"""Ternary products are exact, whatever is kept in memory."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from sterna.golden.matrices import MatrixStore, single_thread, ternary_product
from sterna.law.planes import plane_limit, ternary_planes

WIDE = (1 << 18) + 3


def product(trits: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return codes.astype(np.int64) @ trits.astype(np.int64).T


@pytest.mark.parametrize("streams", [1, 2, 7])
@pytest.mark.parametrize(
    ("rows", "columns"), [(1, 1), (70, 1), (70, 2), (3, 250), (777, 97), (600, 1000)])
def test_products_are_exact(streams, rows, columns):
    generator = np.random.default_rng(rows + columns)
    trits = generator.integers(-1, 2, (rows, columns), np.int8)
    codes = generator.integers(-127, 128, (streams, columns))
    for columns in (torch.from_numpy(trits).T, torch.from_numpy(trits.T.copy())):
        result = ternary_product(columns, torch.from_numpy(codes))
        assert result.dtype == torch.int64
        assert np.array_equal(result.numpy(), product(trits, codes))


def extremes() -> None:
    """The largest sums, and the largest pairs of products of either sign, by several kernels."""
    for streams, columns in ((1, 8), (1, 4096), (3, 4096), (1, WIDE)):
        for trit, code in ((1, 127), (-1, 127), (1, -127)):
            trits = np.full((70, columns), trit, np.int8)
            codes = np.full((streams, columns), code)
            codes[:, 1] -= np.sign(code)
            found = ternary_product(torch.from_numpy(trits).T, torch.from_numpy(codes))
            assert found.unique().tolist() == [trit * code * columns - trit * np.sign(code)]


def test_the_largest_sums_are_exact() -> None:
    extremes()


@pytest.mark.slow
@pytest.mark.parametrize("instructions", ["SSE41", "AVX2", "AVX512_CORE"])
def test_they_are_on_older_processors(instructions: str) -> None:
    """Those add pairs of products of bytes in 16 bits, which saturate."""
    subprocess.run(
        [sys.executable, "-c", f"from {__name__} import extremes; extremes()"], check=True,
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": instructions,
                          "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})


def test_store_fetches_once_within_its_budget():
    fetched = []

    def fetch(key):
        fetched.append(key)
        return np.ones((1, 4, 8), np.int8)

    codes = torch.full((1, 8), 2)
    first, second = ("a", 0, "m"), ("a", 1, "m")
    store = MatrixStore(fetch, budget=4 * 8)
    for key in (first, second, first, second):
        assert store.product(key, codes).tolist() == [[16] * 4]
    assert fetched == [first, second, second]


@pytest.mark.parametrize("planes", [2, 5, 8])
def test_planes_stand_for_integers(planes: int) -> None:
    """Against the product with the whole integers, the largest of them with the largest codes."""
    rng = np.random.default_rng(planes)
    limit = plane_limit(planes)
    weights = rng.integers(-limit, limit + 1, (6, 300))
    weights[0], weights[1] = limit, -limit
    codes = rng.integers(-127, 128, (3, 300))
    codes[0] = 127
    store = MatrixStore(lambda key: ternary_planes(weights, planes), budget=0)
    found = store.product(("a", 0, "m"), torch.from_numpy(codes))
    assert np.array_equal(found.numpy(), codes @ weights.T)


def test_threads_are_restored_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="inside"), single_thread():
        assert torch.get_num_threads() == 1
        raise ValueError("inside")
    assert torch.get_num_threads() == before

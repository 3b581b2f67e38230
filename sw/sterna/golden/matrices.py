"""Exact products with ternary planes, and the matrices kept for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MatrixKey = tuple[str, int, str]
_byte_product = torch.ops.aten._int_mm.default


class MatrixStore:
    """Trits by key; fetched when first used, kept while the byte budget lasts.

    `fetch` gives trits int8 [planes, rows, columns], the most significant plane first.
    """

    def __init__(self, fetch: Callable[[MatrixKey], NDArray[np.int8]], budget: int) -> None:
        self._fetch, self._left = fetch, budget
        self._kept: dict[MatrixKey, tuple[Tensor, ...]] = {}

    def product(self, key: MatrixKey, codes: Tensor) -> Tensor:
        """Accumulators int64 [streams, rows] of codes int64 [streams, columns]."""
        first, *others = self._planes(key)
        sums = ternary_product(first, codes)
        for plane in others:
            sums = sums.mul_(3).add_(ternary_product(plane, codes))
        return sums

    def _planes(self, key: MatrixKey) -> tuple[Tensor, ...]:
        """Of each plane the trits [columns, rows]."""
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        planes = torch.from_numpy(np.ascontiguousarray(self._fetch(key)))
        columns = tuple(plane.T for plane in planes)
        if planes.numel() <= self._left:
            self._left -= planes.numel()
            self._kept[key] = columns
        return columns


def ternary_product(columns: Tensor, codes: Tensor) -> Tensor:
    """``sum_k codes[s, k] * trits[o, k]``, exact: int64 [streams, rows].

    `columns` are trits int8 [columns, rows], fastest where they are the transpose of rows that lie
    together; `codes` numbers [streams, columns] of at most 127. PyTorch's product of bytes sums in
    32 bits, enough for 2**24 columns; where a processor adds pairs of products in 16 bits first,
    those of codes and trits fit, though not those of any two bytes. It leaves a product of one
    column unwritten where that lies as a transpose (2.13.0: findings/torch_int_mm_one_column.sh).
    """
    if columns.shape[0] == 1:
        return codes.long() * columns.long()
    return _byte_product(codes.char(), columns).long()


@contextmanager
def single_thread() -> Iterator[None]:
    """Run PyTorch in one thread: for a single token, threads cost more than they save."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

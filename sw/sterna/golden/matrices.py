"""Exact ternary products, and the matrices kept for them.

Products run in float32, which is exact here: codes are at most 127 and trits at most 1 in
magnitude, so that every partial sum of up to 2**17 columns is an integer below 2**24, in any
order of summation. Wider matrices are cut into such pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

EXACT_COLUMNS = 1 << 17
"""Columns whose sum of codes stays below 2**24."""
_CHUNK_WEIGHTS = 1 << 18
_FLOAT_LIMIT = 1 << 18

MatrixKey = tuple[str, int, str]


class MatrixStore:
    """Trits by key; fetched when first used, kept as int8 while the byte budget lasts.

    Matrices of up to 2**18 weights are kept as float32, in which they are used. `fetch` gives trits
    int8 [rows, columns].
    """

    def __init__(self, fetch: Callable[[MatrixKey], NDArray[np.int8]], budget: int) -> None:
        self._fetch, self._left = fetch, budget
        self._kept: dict[MatrixKey, Tensor] = {}

    def product(self, key: MatrixKey, codes: Tensor) -> Tensor:
        """Accumulators int64 [streams, rows] of codes int64 [streams, columns]."""
        return ternary_product(self._trits(key), codes)

    def _trits(self, key: MatrixKey) -> Tensor:
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        trits = torch.from_numpy(np.ascontiguousarray(self._fetch(key)))
        small = trits.numel() <= _FLOAT_LIMIT
        size = trits.numel() * (4 if small else 1)
        if size <= self._left:
            trits = trits.float() if small else trits
            self._left -= size
            self._kept[key] = trits
        return trits


def ternary_product(trits: Tensor, codes: Tensor) -> Tensor:
    """``sum_k codes[s, k] * trits[o, k]``, exact: int64 [streams, rows].

    `trits` are int8 or float32 [rows, columns]; `codes` int64 [streams, columns], at most 127.
    """
    rows, columns = trits.shape
    result = torch.zeros(codes.shape[0], rows, dtype=torch.int64)
    for first in range(0, columns, EXACT_COLUMNS):
        piece = trits[:, first : first + EXACT_COLUMNS]
        result += _float_product(piece, codes[:, first : first + EXACT_COLUMNS].float())
    return result


def _float_product(trits: Tensor, codes: Tensor) -> Tensor:
    if trits.dtype == torch.float32:
        return (codes @ trits.T).long()
    # Converted in pieces that stay in the cache, into one buffer.
    step = max(1, _CHUNK_WEIGHTS // trits.shape[1])
    buffer = torch.empty(min(step, trits.shape[0]), trits.shape[1])
    parts = []
    for piece in trits.split(step):
        converted = buffer[: len(piece)]
        converted.copy_(piece)
        if codes.shape[0] == 1:
            parts.append(torch.mv(converted, codes[0]).unsqueeze(0))
        else:
            parts.append(codes @ converted.T)
    return torch.cat(parts, 1).long()


@contextmanager
def single_thread() -> Iterator[None]:
    """Run PyTorch in one thread: for a single token, threads cost more than they save."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

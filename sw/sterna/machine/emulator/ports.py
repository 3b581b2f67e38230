"""Trace ports: the words that they show of values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.machine.words import pack_mixed

Words32 = NDArray[np.uint32]


def port_words(values: list[NDArray[np.int64]], fields: list[tuple[int, int]]) -> Words32:
    """What a trace port shows of values [n, fields]: a valid bit, and the fields above it.

    ``fields`` are how many of each width there are.
    """
    bits = 1 + sum(count * width for count, width in fields)
    chunks = -(-bits // 32)
    total = sum(count for count, _ in fields)
    joined = np.concatenate([np.zeros((0, total), np.int64), *values])
    parts, place = [(np.ones((len(joined), 1), np.int64), 1)], 0
    for count, width in fields:
        parts.append((joined[:, place:place + count], width))
        place += count
    return pack_mixed(parts, 4 * chunks).view("<u4").reshape(-1)

"""How matrices lie in the memory of matrix states: in strips of columns as wide as its lanes.

The heads one after the other, of each the strips, of each the rows, of each its columns and padding
behind the last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Strips = tuple[int, int, int]
"""Heads, rows and columns."""


def strip_words(shape: Strips, lanes: int) -> int:
    """Words of so many lanes."""
    heads, rows, columns = shape
    return heads * -(-columns // lanes) * rows


def from_strips(values: Integers, shape: Strips, lanes: int) -> Integers:
    """[n, words * lanes, m] as [n, heads * rows * columns, m], row by row."""
    heads, rows, columns = shape
    count, _, inner = values.shape
    strips = values.reshape(count, heads, -1, rows, lanes, inner).swapaxes(2, 3)
    whole = strips.reshape(count, heads, rows, -1, inner)[:, :, :, :columns]
    return whole.reshape(count, heads * rows * columns, inner)


def to_strips(values: Integers, shape: Strips, lanes: int) -> Integers:
    """The other way; padding is 0."""
    heads, rows, columns = shape
    count, _, inner = values.shape
    whole = values.reshape(count, heads, rows, columns, inner)
    padded = np.pad(whole, ((0, 0), (0, 0), (0, 0), (0, -columns % lanes), (0, 0)))
    strips = padded.reshape(count, heads, rows, -1, lanes, inner).swapaxes(2, 3)
    return strips.reshape(count, strip_words(shape, lanes) * lanes, inner)

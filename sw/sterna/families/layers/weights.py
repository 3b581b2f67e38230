"""Real matrices as integers of several planes, a scale for each row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sterna.law.planes import plane_limit

CLIPS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
"""Shares of a row's largest weight that may become the largest integer."""
UNCLIPPED = 5
"""From so many planes on nothing is gained by clipping."""


class RowScaled(NamedTuple):
    """``weights[row, column] * scales[row]`` is a matrix."""

    weights: NDArray[np.int64]
    scales: NDArray[np.float64]


def row_scaled(matrix: NDArray[np.floating], planes: int) -> RowScaled:
    """The integers of so many planes that are nearest to a matrix, in the sum of squares of a row,
    with a scale for each row. Rows of zeros have the scale of the largest row."""
    limit, matrix = plane_limit(planes), matrix.astype(np.float64)
    largest = np.abs(matrix).max(1)
    largest[largest == 0] = largest.max() or 1.0
    best, scales = np.full(len(matrix), np.inf), largest / limit
    for clip in CLIPS if planes < UNCLIPPED else CLIPS[:1]:
        tried = clip * largest / limit
        error = np.square(_integers(matrix, tried, limit) * tried[:, None] - matrix).sum(1)
        better = error < best
        best[better], scales[better] = error[better], tried[better]
    return RowScaled(_integers(matrix, scales, limit).astype(np.int64), scales)


def _integers(matrix: NDArray[np.float64], scales: NDArray[np.float64], limit: int
              ) -> NDArray[np.float64]:
    return np.clip(np.rint(matrix / scales[:, None]), -limit, limit)

"""Sums of a window (`sterna.law.window`), exact: every sum is a whole number that float64 holds."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from sterna.law.window import Window


def windowed(window: Window, values: NDArray[np.number], weights: NDArray[np.number]
             ) -> NDArray[np.float64]:
    """What ``values`` [batch, sources] make of the targets: [batch, targets]."""
    batch, size = len(values), (window.height, window.width)
    maps = torch.from_numpy(np.asarray(values, np.float64))
    if window.source_last:
        maps = maps.reshape(batch, *size, window.channels).permute(0, 3, 1, 2)
    maps = maps.reshape(batch, window.channels, *size)
    (rows, columns), (tall, wide) = window.pooled, window.pool
    maps = maps[:, :, :rows * tall, :columns * wide].reshape(
        batch, window.channels, rows, tall, columns, wide).sum((3, 5))
    top, bottom, left, right = window.padding
    made = torch.nn.functional.conv2d(
        torch.nn.functional.pad(maps, (left, right, top, bottom)),
        torch.from_numpy(np.asarray(weights, np.float64)), stride=window.stride,
        dilation=window.dilation, groups=window.groups)
    if window.target_last:
        made = made.permute(0, 2, 3, 1)
    return made.reshape(batch, -1).numpy()

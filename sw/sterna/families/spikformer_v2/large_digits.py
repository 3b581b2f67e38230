"""The task of `digits-attention`: digits that move, in pictures of larger points.

A stem halves the image four times; points of `POINT` x `POINT` leave attention four places of one
of 16 x 16.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.families.spiking.moving_digits import CHANNELS, SIDE, moving_digits

POINT = 2
IMAGE = POINT * SIDE


def enlarged(events: NDArray[np.int64]) -> NDArray[np.int64]:
    """Maps [steps, samples, channels, rows, columns] of events [steps, samples, inputs]."""
    maps = events.reshape(*events.shape[:2], CHANNELS, SIDE, SIDE)
    return maps.repeat(POINT, 3).repeat(POINT, 4)


def large_digits(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """So many samples of `moving_digits`: events [steps, count, inputs] and digits [count]."""
    events, labels = moving_digits(count, seed)
    return enlarged(events).reshape(*events.shape[:2], -1), labels

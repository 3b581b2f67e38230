"""A temporal task that the project makes: in which order did three groups of channels burst?

Every sample has `STEPS` steps of `CHANNELS` binary channels. Three groups of four channels burst
once each, at jittered times, over a background of noise; the class is the order of the bursts. No
single step, and no count of spikes, tells it: the network must remember.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

GROUPS, GROUP_CHANNELS = 3, 4
CHANNELS = GROUPS * GROUP_CHANNELS
ORDERS = tuple(permutations(range(GROUPS)))
CLASSES = len(ORDERS)
SLOT, BURST = 10, 5
STEPS = GROUPS * SLOT + 2
BURST_RATE, NOISE_RATE = 0.6, 0.04


def burst_orders(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """So many samples: spikes [STEPS, count, CHANNELS] of 0 and 1, and classes [count]."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    rates = np.full((STEPS, count, CHANNELS), NOISE_RATE)
    for sample, label in enumerate(labels):
        for place, group in enumerate(ORDERS[label]):
            start = place * SLOT + int(generator.integers(0, SLOT - BURST + 1))
            channels = slice(group * GROUP_CHANNELS, (group + 1) * GROUP_CHANNELS)
            rates[start : start + BURST, sample, channels] = BURST_RATE
    return (generator.random(rates.shape) < rates).astype(np.int64), labels

"""A camera task that the project makes: which digit moves through the picture?

Every sample has `STEPS` pictures of `SIDE` x `SIDE`, through which a digit of 5 x 7 points moves a
point a step in one of eight directions, from anywhere, and back from the edges. As from an event
camera, a point that becomes lit is an event of the first of `CHANNELS` maps, one that becomes dark
of the second, over a background of noise; some points of the digit are missing. Where it is and
whither it goes tells nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = (
    "01110 00100 01110 01110 00010 11111 00110 11111 01110 01110",
    "10001 01100 10001 10001 00110 10000 01000 00001 10001 10001",
    "10011 00100 00001 00001 01010 11110 10000 00010 10001 10001",
    "10101 00100 00110 00110 10010 00001 11110 00100 01110 01111",
    "11001 00100 01000 00001 11111 00001 10001 01000 10001 00001",
    "10001 00100 10000 10001 00010 10001 10001 01000 10001 00010",
    "01110 01110 11111 01110 00010 01110 01110 01000 01110 01100",
)
GLYPHS = np.array([[[int(point) for point in row.split()[digit]] for row in _ROWS]
                   for digit in range(10)], np.int64)
"""The digits [10, rows, columns]."""
CLASSES, SIDE, CHANNELS, STEPS = len(GLYPHS), 16, 2, 10
INPUTS = CHANNELS * SIDE * SIDE
_MOVES = np.array([(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right])
LOST_RATE, NOISE_RATE = 0.03, 0.005


def moving_digits(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """So many samples: events [STEPS, count, INPUTS] of 0 and 1, map by map, and digits [count]."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    size = np.array(GLYPHS.shape[1:])
    glyphs = GLYPHS[labels] * (generator.random((count, *size)) >= LOST_RATE)
    moves = _MOVES[generator.integers(0, len(_MOVES), count)]
    places = generator.integers(0, SIDE - size + 1, (count, 2))
    pictures = np.zeros((STEPS + 1, count, SIDE, SIDE), bool)
    for picture in pictures:
        beyond = (places + moves < 0) | (places + moves > SIDE - size)
        moves = np.where(beyond, -moves, moves)
        places = places + moves
        for sample, (top, left) in enumerate(places):
            picture[sample, top:top + size[0], left:left + size[1]] = glyphs[sample]
    lit, dark = pictures[1:] & ~pictures[:-1], pictures[:-1] & ~pictures[1:]
    events = np.stack([lit, dark], 2).reshape(STEPS, count, INPUTS)
    noise = generator.random(events.shape) < NOISE_RATE
    return (events | noise).astype(np.int64), labels

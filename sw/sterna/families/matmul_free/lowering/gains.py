"""Gains as words: a power of two of their own for every constant vector."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log2

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ScaledGain:
    """``values / 2**fraction`` is the gain; `fraction` may be negative."""

    values: NDArray[np.int32]
    fraction: int


def gain_exponent(gain: NDArray[np.floating]) -> int:
    """The least E for which every magnitude is below ``2**E``; 0 for a gain of zeros."""
    largest = float(np.abs(gain).max())
    return floor(log2(largest)) + 1 if largest > 0 else 0


def scale_gain(gain: NDArray[np.floating], bits: int, limit: int) -> ScaledGain:
    """Round a gain so that its largest magnitude lies in ``2**(bits-1) .. 2**bits``.

    Values beyond `limit` (the word) saturate. A gain of zeros has fraction 0.
    """
    real = gain.astype(np.float64)
    fraction = bits - gain_exponent(real) if real.any() else 0
    words = np.clip(np.round(real * 2.0**fraction), -limit, limit)
    return ScaledGain(words.astype(np.int32), fraction)

"""Scalar floats of the program definition, in exact integers, one for each token stream.

Mantissas and exponents are NumPy int64 arrays of shape [streams]. The value is
``mantissa * 2**exponent``; the mantissa is 0 (and then the exponent too) or has 17 bits.
Source: the definitions in `sterna.law.arithmetic`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import (
    CODE_SCALE_TABLE,
    MANTISSA_BITS,
    MANTISSA_ONE,
    MAX_SHIFT,
    RSQRT_EVEN_TABLE,
    RSQRT_ODD_TABLE,
    SHIFT_STEP,
)

Integers = NDArray[np.int64]

_FRACTION_BITS = 8
_CODE_SCALE = np.array(CODE_SCALE_TABLE, np.int64)
_RSQRT = np.array([RSQRT_EVEN_TABLE, RSQRT_ODD_TABLE], np.int64)


class ScalarFloat(NamedTuple):
    """Mantissas and exponents of one scalar in every token stream, int64 [streams]."""

    mantissa: Integers
    exponent: Integers


def constant(mantissa: int, exponent: int, streams: int) -> ScalarFloat:
    """The same scalar in every stream."""
    return ScalarFloat(
        np.full(streams, mantissa, np.int64), np.full(streams, exponent, np.int64)
    )


def normalise(number: Integers, exponent: Integers | int = 0) -> ScalarFloat:
    """``number * 2**exponent`` with a 17-bit mantissa, truncated; 0 <= number < 2**53."""
    # float64 holds such integers exactly, so the binary exponent is exact.
    drop = np.frexp(number.astype(np.float64))[1].astype(np.int64) - MANTISSA_BITS
    mantissa = (number >> np.maximum(drop, 0)) << np.maximum(-drop, 0)
    return ScalarFloat(mantissa, np.where(number == 0, 0, exponent + drop))


def multiply(a: ScalarFloat, b: ScalarFloat) -> ScalarFloat:
    """The product, truncated."""
    return normalise(a.mantissa * b.mantissa, a.exponent + b.exponent)


def add(a: ScalarFloat, b: ScalarFloat) -> ScalarFloat:
    """The sum; the smaller operand is truncated to the exponent of the larger first."""
    a_first = (b.mantissa == 0) | ((a.mantissa != 0) & (a.exponent >= b.exponent))
    large = np.where(a_first, a.mantissa, b.mantissa)
    small = np.where(a_first, b.mantissa, a.mantissa)
    exponent = np.where(a_first, a.exponent, b.exponent)
    distance = exponent - np.where(a_first, b.exponent, a.exponent)
    aligned = small >> np.clip(distance, 0, MANTISSA_BITS)
    return normalise((large + aligned).astype(np.int64), exponent)


def _interpolate(pairs: Integers, mantissa: Integers) -> Integers:
    """Falling line through the segment of the mantissa; pairs are [..., 2] by segment."""
    fraction = mantissa & ((1 << _FRACTION_BITS) - 1)
    return pairs[..., 0] - ((pairs[..., 1] * fraction) >> _FRACTION_BITS)


def _segment(mantissa: Integers) -> Integers:
    return np.maximum(mantissa - MANTISSA_ONE, 0) >> _FRACTION_BITS


def code_scale(x: ScalarFloat) -> ScalarFloat:
    """``127 / x`` by table; 0 for 0. The mantissa may lie just below 2**16."""
    zero = x.mantissa == 0
    mantissa = _interpolate(_CODE_SCALE[_segment(x.mantissa)], x.mantissa)
    return ScalarFloat(np.where(zero, 0, mantissa), np.where(zero, 0, -26 - x.exponent))


def rsqrt(x: ScalarFloat) -> ScalarFloat:
    """``1 / sqrt(x)`` by table; 0 for 0."""
    zero = x.mantissa == 0
    pairs = _RSQRT[x.exponent & 1, _segment(x.mantissa)]
    mantissa = _interpolate(pairs, x.mantissa)
    return ScalarFloat(
        np.where(zero, 0, mantissa), np.where(zero, 0, -25 - (x.exponent >> 1))
    )


def as_multiplier(x: ScalarFloat, word_bits: int) -> tuple[Integers, Integers]:
    """Multiplier (a word, not negative) and shift (a multiple of 4) of a vector operation."""
    drop = MANTISSA_BITS + 1 - word_bits
    shift = -x.exponent
    dropped = drop + (shift - drop) % SHIFT_STEP
    multiplier, remaining = x.mantissa >> dropped, shift - dropped
    limit = (1 << (word_bits - 1)) - 1
    too_large, too_small = shift < drop, remaining > MAX_SHIFT
    multiplier = np.where(too_large, limit, np.where(too_small, 0, multiplier))
    remaining = np.where(too_large | too_small, 0, remaining)
    zero = x.mantissa == 0
    return np.where(zero, 0, multiplier), np.where(zero, 0, remaining)

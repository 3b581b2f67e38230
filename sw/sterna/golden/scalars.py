"""Scalar floats of the program definition, in plain integers.

The value is ``mantissa * 2**exponent``; the mantissa is 0 (and then the exponent too) or its
magnitude has 17 bits. Source: the definitions in `sterna.law.arithmetic`.
"""

from __future__ import annotations

from typing import NamedTuple

from sterna.law.arithmetic import (
    CODE_SCALE_TABLE,
    EXPONENT_BITS,
    MANTISSA_BITS,
    MANTISSA_ONE,
    MAX_SHIFT,
    RSQRT_EVEN_TABLE,
    RSQRT_ODD_TABLE,
    SHIFT_STEP,
)

_FRACTION_BITS = 8
_HIGHEST = (1 << (EXPONENT_BITS - 1)) - 1
_LOWEST = -(1 << (EXPONENT_BITS - 1))


class ScalarFloat(NamedTuple):
    """A scalar of one token stream."""

    mantissa: int
    exponent: int


ZERO = ScalarFloat(0, 0)
LARGEST = ScalarFloat((1 << MANTISSA_BITS) - 1, _HIGHEST)


def kept(mantissa: int, exponent: int) -> ScalarFloat:
    """A result whose exponent is kept in range."""
    if _LOWEST <= exponent <= _HIGHEST:
        return ScalarFloat(mantissa, exponent)
    return ZERO if exponent < 0 else LARGEST


def normalise(number: int, exponent: int = 0) -> ScalarFloat:
    """``number * 2**exponent`` with a 17-bit mantissa, truncated; ``number`` is not negative."""
    if number == 0:
        return ZERO
    drop = number.bit_length() - MANTISSA_BITS
    return kept(number >> drop if drop >= 0 else number << -drop, exponent + drop)


def normalise_signed(number: int, exponent: int = 0) -> ScalarFloat:
    """The same of a number that may be negative: its magnitude is truncated."""
    magnitude = normalise(abs(number), exponent)
    return magnitude._replace(mantissa=-magnitude.mantissa) if number < 0 else magnitude


def multiply(a: ScalarFloat, b: ScalarFloat) -> ScalarFloat:
    """The product, its magnitude truncated."""
    return normalise_signed(a.mantissa * b.mantissa, a.exponent + b.exponent)


def add(a: ScalarFloat, b: ScalarFloat) -> ScalarFloat:
    """The sum; the smaller operand is truncated to the exponent of the larger first."""
    if a.mantissa == 0 or (b.mantissa != 0 and a.exponent < b.exponent):
        a, b = b, a
    aligned = b.mantissa >> (a.exponent - b.exponent) if b.mantissa else 0
    return normalise(a.mantissa + aligned, a.exponent)


def _interpolate(table: tuple[tuple[int, int], ...], mantissa: int) -> int:
    """Falling line through the segment of the mantissa."""
    base, slope = table[max(mantissa - MANTISSA_ONE, 0) >> _FRACTION_BITS]
    fraction = mantissa & ((1 << _FRACTION_BITS) - 1)
    return base - ((slope * fraction) >> _FRACTION_BITS)


def code_scale(x: ScalarFloat) -> ScalarFloat:
    """``127 / x`` by table; 0 for 0. The mantissa may lie just below 2**16."""
    if x.mantissa == 0:
        return ZERO
    return kept(_interpolate(CODE_SCALE_TABLE, x.mantissa), -26 - x.exponent)


def rsqrt(x: ScalarFloat) -> ScalarFloat:
    """``1 / sqrt(x)`` by table; 0 for 0."""
    if x.mantissa == 0:
        return ZERO
    table = RSQRT_ODD_TABLE if x.exponent & 1 else RSQRT_EVEN_TABLE
    return kept(_interpolate(table, x.mantissa), -25 - (x.exponent >> 1))


def as_multiplier(x: ScalarFloat, word_bits: int) -> tuple[int, int]:
    """Multiplier (a word) and shift (a multiple of 4) of a vector operation."""
    if x.mantissa < 0:
        multiplier, shift = as_multiplier(x._replace(mantissa=-x.mantissa), word_bits)
        return -multiplier, shift
    drop, shift = MANTISSA_BITS + 1 - word_bits, -x.exponent
    if x.mantissa == 0:
        return 0, 0
    if shift < drop:
        return (1 << (word_bits - 1)) - 1, 0
    dropped = drop + (shift - drop) % SHIFT_STEP
    if shift - dropped > MAX_SHIFT:
        return 0, 0
    return x.mantissa >> dropped, shift - dropped

"""Scalar floats of the scalar unit, in plain integers (`sterna.law.arithmetic`)."""

from __future__ import annotations

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

Scalar = tuple[int, int]
"""Mantissa and exponent."""

ZERO: Scalar = (0, 0)
_TOP = (1 << MANTISSA_BITS) - 1
_LEAST, _MOST = -(1 << EXPONENT_BITS - 1), (1 << EXPONENT_BITS - 1) - 1
_WORD = MANTISSA_BITS + 1


def in_range(mantissa: int, exponent: int) -> Scalar:
    """A result with its exponent kept in range."""
    if not mantissa or exponent < _LEAST:
        return ZERO
    return (_TOP, _MOST) if exponent > _MOST else (mantissa, exponent)


def normalise(value: int, exponent: int = 0) -> Scalar:
    """``value * 2**exponent``, the low bits dropped."""
    if not value:
        return ZERO
    drop = value.bit_length() - MANTISSA_BITS
    return in_range(value >> drop if drop > 0 else value << -drop, exponent + drop)


def normalise_signed(value: int, exponent: int = 0) -> Scalar:
    """The same with a sign, which is no part of what is dropped."""
    mantissa, exponent = normalise(abs(value), exponent)
    return (-mantissa if value < 0 else mantissa), exponent


def multiply(a: Scalar, b: Scalar) -> Scalar:
    """The product, truncated towards zero."""
    return normalise_signed(a[0] * b[0], a[1] + b[1])


def add(a: Scalar, b: Scalar) -> Scalar:
    """The sum; the smaller operand loses the bits below the larger one's."""
    if not a[0] or not b[0]:
        return b if not a[0] else a
    small, large = (a, b) if a[1] < b[1] else (b, a)
    return normalise(large[0] + (small[0] >> large[1] - small[1]), large[1])


def _look_up(table: tuple[tuple[int, int], ...], mantissa: int) -> int:
    index, fraction = divmod(max(0, mantissa - MANTISSA_ONE), 256)
    base, slope = table[index]
    return base - (slope * fraction >> 8)


def code_scale(x: Scalar) -> Scalar:
    """``127 / x``, with a mantissa that may lie just below the normalised ones."""
    if not x[0]:
        return ZERO
    return in_range(_look_up(CODE_SCALE_TABLE, x[0]), -26 - x[1])


def rsqrt(x: Scalar) -> Scalar:
    """``1 / sqrt(x)``."""
    if not x[0]:
        return ZERO
    half, odd = divmod(x[1], 2)
    return in_range(_look_up(RSQRT_ODD_TABLE if odd else RSQRT_EVEN_TABLE, x[0]), -25 - half)


def as_multiplier(x: Scalar, word_bits: int) -> tuple[int, int]:
    """Multiplier and shift of a vector operation."""
    mantissa, shift = x[0], -x[1]
    if mantissa < 0:
        multiplier, shift = as_multiplier((-mantissa, x[1]), word_bits)
        return -multiplier, shift
    drop = _WORD - word_bits
    if not mantissa:
        return 0, 0
    if shift < drop:
        return (1 << word_bits - 1) - 1, 0
    dropped = drop + (shift - drop) % SHIFT_STEP
    if shift - dropped > MAX_SHIFT:
        return 0, 0
    return mantissa >> dropped, shift - dropped

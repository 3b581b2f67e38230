"""Constants of the arithmetic that golden executor and RTL both obey.

Definitions (``W`` is the word width, all integers are two's complement):

- **Rounding** of a right shift is half up: ``round_shift(p, s) = (p + (1 << (s - 1))) >> s`` for
  ``s > 0`` and ``p`` for ``s = 0`` (arithmetic shift, ties towards plus infinity).
- **Saturation** is symmetric: a word lies in ``-(2**(W-1) - 1) .. 2**(W-1) - 1``; nothing wraps.
- **Element operation**: ``result = saturate(round_shift(a * multiplier, shift) + addend)``, exact
  in between. Shifts are multiples of `SHIFT_STEP`, from 0 to `MAX_SHIFT`.
- **Look-up**: piecewise linear over the whole word range. The word, offset by ``2**(W-1)``, has its
  top `TABLE_INDEX_BITS` bits as index and the others as fraction;
  ``result = saturate(round_shift(slope[index] * fraction, TABLE_SHIFT) + base[index])``.
- **Codes** are ``clamp(round_shift(a * multiplier, shift), -127, 127)``.
- **Accumulators** are exact; the vector unit and the top-k head see them saturated to a word: those
  of a matrix of several planes as ``saturate(round_shift(sum, shift))``, with the shift that the
  product declares, a multiple of `SHIFT_STEP` up to `MAX_DELIVERY_SHIFT`.
- **Reductions** work on results after saturation: ``absmax`` is the largest magnitude (0 at start),
  ``squares`` the exact sum of squares, at most `SQUARES_BITS` bits wide, ``sum`` the exact sum of
  the words themselves.

Scalars are small floats: value ``mantissa * 2**exponent``, mantissa 0 or of a magnitude in
``2**16 .. 2**17 - 1`` (`MANTISSA_BITS` bits), exponent signed. Zero is (0, 0). Only a ``sum``, and
a product with one, may be negative: what follows is of magnitudes, ``multiply`` gives the sign that
a product has, as multiplier of a vector operation it negates, and nothing else takes such a scalar.
Every result is kept in range: an exponent below ``-2**(EXPONENT_BITS - 1)`` gives zero, one above
``2**(EXPONENT_BITS - 1) - 1`` the largest scalar, ``(2**17 - 1, 2**(EXPONENT_BITS - 1) - 1)``. A
constant scalar is stored as two words, ``mantissa >> (18 - W)`` and the
exponent; where ``W < 18`` the low mantissa bits are zero on every machine.

- ``normalise(n)``: for ``n >= 2**17`` the low bits are dropped (truncation); smaller numbers shift
  left; exponent says by how much.
- ``multiply``: ``p = ma * mb`` has 33 or 34 bits; ``normalise`` of it truncates; exponents add.
- ``add``: the operand with the smaller value ``exponent`` (both normalised, so: the smaller one;
  zero is the identity) has its mantissa shifted right by the difference, truncating (0 when the
  difference is 17 or more); the sum is normalised with truncation.
- ``code_scale(x) = 127 / x``: ``index, fraction = split(m - 2**16)`` (8 bits each),
  ``mantissa' = base[index] - ((slope[index] * fraction) >> 8)`` from `CODE_SCALE_TABLE`, exponent
  ``-26 - e``; the mantissa may lie just below ``2**16`` and is not normalised again, because only a
  multiplier uses it (as operand of a scalar operation it is not defined). ``code_scale(0) = 0``.
- ``rsqrt(x)``: the same interpolation from `RSQRT_EVEN_TABLE` or `RSQRT_ODD_TABLE` by the parity of
  ``e``; with ``h = e >> 1`` (floor) the exponent is ``-25 - h``. ``rsqrt(0) = 0``.
- **Multiplier of a vector operation** from a scalar (m, e): zero (m = 0) gives multiplier 0 and
  shift 0. Otherwise, with ``s = -e``, ``drop = 18 - W`` (a word holds ``W - 1`` magnitude bits) and
  ``d = drop + ((s - drop) mod 4)``, the multiplier is ``m >> d`` and the shift ``s - d``, a
  multiple of 4. If ``s < drop`` the multiplier is the largest word and the shift 0; if the shift
  would exceed `MAX_SHIFT` both are 0.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

SHIFT_STEP = 4
MAX_SHIFT = 32
MAX_DELIVERY_SHIFT = 28
CODE_BITS = 8
CODE_LIMIT = (1 << (CODE_BITS - 1)) - 1

MANTISSA_BITS = 17
MANTISSA_ONE = 1 << 16
EXPONENT_BITS = 10
SQUARES_BITS = 48

TABLE_INDEX_BITS = 9
TABLE_SEGMENTS = 1 << TABLE_INDEX_BITS
TABLE_SHIFT = 12

SCALAR_REGISTERS = 16
ABSMAX_REGISTERS = 4
SQUARES_REGISTERS = 2
RESULT_SCALAR = 0
"""Scalar register that the head's dequantisation scale is left in."""

SCALAR_SEGMENTS = 256


def _segments(values: list[int]) -> tuple[tuple[int, int], ...]:
    """(base, slope) pairs of a falling function from its ``SCALAR_SEGMENTS + 1`` samples."""
    return tuple((left, left - right) for left, right in zip(values, values[1:], strict=False))


def _sample(function: Callable[[int], float]) -> tuple[tuple[int, int], ...]:
    top = (1 << MANTISSA_BITS) - 1
    points = [MANTISSA_ONE + 256 * index for index in range(SCALAR_SEGMENTS + 1)]
    return _segments([min(top, round(function(point))) for point in points])


CODE_SCALE_TABLE = _sample(lambda m: CODE_LIMIT * 2**26 / m)
RSQRT_EVEN_TABLE = _sample(lambda m: 2**25 / sqrt(m))
RSQRT_ODD_TABLE = _sample(lambda m: 2**25 / sqrt(2 * m))
"""Scalar tables: 256 pairs (base, slope) of at most 17 and 10 bits, never negative."""

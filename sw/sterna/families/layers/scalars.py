"""Numbers as scalar constants of a program."""

from __future__ import annotations

from math import frexp

from sterna.law.arithmetic import MANTISSA_BITS
from sterna.program.definition import ScalarConstant


def scalar_constant(value: float, word_bits: int) -> ScalarConstant:
    """The nearest scalar float of a number that is not negative.

    Of the mantissa no more bits are used than a constant of ``word_bits`` can hold, the low ones
    are zero.
    """
    if value == 0:
        return ScalarConstant(0, 0)
    bits = min(MANTISSA_BITS, word_bits - 1)
    fraction, exponent = frexp(value)
    mantissa = round(fraction * 2**bits)
    if mantissa == 1 << bits:
        mantissa, exponent = mantissa >> 1, exponent + 1
    return ScalarConstant(mantissa << MANTISSA_BITS - bits, exponent - MANTISSA_BITS)

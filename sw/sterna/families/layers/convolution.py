"""Convolutions of each channel over the present token and three before."""

from __future__ import annotations

from sterna.program.instructions import Constant, Element, Operation, Unit

TAPS = 4
"""Three tokens before, and the present one."""
TAP_FRACTION = 12


def earlier(name: str) -> tuple[str, ...]:
    """Vectors that stay of tokens before, the last one first."""
    return tuple(f"{name}_before{tap}" for tap in range(1, TAPS))


def convolution(name: str, spare: str) -> tuple[Operation, ...]:
    """``name`` becomes the sum of four tokens, each times a constant vector ``<name>_tap<0 to 3>``,
    the earliest first, and is an earlier one for the next token; ``spare`` is overwritten.

    Words keep their fraction bits; there is a rounding for each tap, of `TAP_FRACTION` bits.
    """
    def tapped(result: str, a: str, tap: int, addend: str | None) -> Element:
        return Element(result=result, a=a, multiplier=Constant(f"{name}_tap{tap}"),
                       shift=TAP_FRACTION, addend=addend)

    def moved(result: str, a: str) -> Element:
        return Element(result=result, a=a, multiplier=Unit(1))

    last, second, third = earlier(name)
    return (
        tapped(spare, third, 0, None), tapped(spare, second, 1, spare),
        tapped(spare, last, 2, spare), moved(third, second), moved(second, last),
        moved(last, name), tapped(name, name, 3, spare))

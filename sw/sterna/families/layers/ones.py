"""A vector of ones: what a constant or a scalar is multiplied by to be added to a vector."""

from __future__ import annotations

from sterna.families.layers.tables import EDGE, GATE_FRACTION, ONE, ONE_FRACTION, SIGMOID
from sterna.program.instructions import Constant, Element, Lookup, Operation, Scalar, Unit

ONES = "ones"
"""The vector, carried, of `ONE_FRACTION` fraction bits; padding is 0."""
UNIT, UNIT_WORD = "one", 2 * ONE
"""The constant vector of that word that it is made with."""


def make_ones(a: str) -> tuple[Operation, ...]:
    """Ones, as many as the vector ``a`` has elements; ``none`` is overwritten."""
    return (
        Element(result="none", a=a, multiplier=Unit(0)),
        Lookup(result="none", a="none", table=SIGMOID),  # a half
        Element(result=ONES, a="none", multiplier=Constant(UNIT), shift=GATE_FRACTION),
    )


def add_constant(result: str, a: str, constant: str, absmax: str | None = None) -> Element:
    """``result = a + <constant>``."""
    return Element(result=result, a=ONES, multiplier=Constant(constant), shift=ONE_FRACTION,
                   addend=a, absmax=absmax)


def add_scalar(result: str, a: str, scalar: str, *, negative: bool = False,
               squares: str | None = None) -> Element:
    """``result = a + ONE * scalar``, or minus."""
    return Element(result=result, a=ONES, multiplier=Scalar(scalar, negative), addend=a,
                   squares=squares)


def reached(a: str, ones: str = ONES) -> tuple[Operation, ...]:
    """``a`` becomes exactly 1, of `GATE_FRACTION` bits, where it is 0 or above, and 0 elsewhere.

    The scalar `EDGE` is of the section, as is the table of sigmoids of the program.
    """
    return (
        # 0 itself is above 0 behind this; then the ends of the table.
        Element(result=a, a=a, multiplier=Scalar(EDGE), addend=ones),
        Element(result=a, a=a, multiplier=Scalar(EDGE)),
        Lookup(result=a, a=a, table=SIGMOID),
    )

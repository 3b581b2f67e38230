"""Leaky integrate-and-fire neurons in the vector unit, one step a token, for spikes that are words.

The law, of a membrane v and what drives it, y, exactly:

    v = (v + y) / 2, rounded half up;  s = 1 if v >= 1 else 0;  v = 0 where s

It is that of `sterna.law.neuron` with decay `EULER` of a half, its drive scaled, not strict, reset
`HARD`; where `Neurons` make codes for a matrix, these are added to a vector.
"""

from __future__ import annotations

from sterna.families.layers.ones import ONES, reached
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import GATE_FRACTION, ONE_FRACTION, WORD_BITS
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import (
    Element,
    Operation,
    Scalar,
    ScalarOperation,
    Unit,
    Vector,
)

HALF, THRESHOLD = "half", "threshold"
MOST_FRACTION = WORD_BITS - 3
"""Of membranes: the sum of one and its drive must have room, and so must the threshold."""


def neuron_scalars(fraction: int) -> dict[str, ScalarConstant]:
    """Scalar constants of neurons whose membranes have so many bits of fraction."""
    values = {HALF: 0.5, THRESHOLD: 2.0**(fraction - ONE_FRACTION)}
    return {name: scalar_constant(value, WORD_BITS) for name, value in values.items()}


def neuron_constants() -> tuple[ScalarOperation, ...]:
    """They are of the section, beside `EDGE`."""
    return tuple(ScalarOperation(result=name, operation="constant", operands=(name,))
                 for name in (HALF, THRESHOLD))


def fire(drive: str, membrane: str, fired: str) -> tuple[Operation, ...]:
    """``fired`` is 1, of `ONE_FRACTION` bits, or 0; ``drive`` is overwritten."""
    return (
        Element(result=drive, a=drive, multiplier=Unit(1), addend=membrane),
        Element(result=membrane, a=drive, multiplier=Scalar(HALF)),
        Element(result=drive, a=ONES, multiplier=Scalar(THRESHOLD, negative=True),
                addend=membrane),
        *reached(drive),
        Element(result=fired, a=ONES, multiplier=Vector(drive), shift=GATE_FRACTION),
        Element(result=drive, a=membrane, multiplier=Vector(fired), shift=ONE_FRACTION),
        Element(result=membrane, a=drive, multiplier=Unit(-1), addend=membrane),
    )

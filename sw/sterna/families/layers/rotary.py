"""Rotary positions: pairs of elements turned by an angle that grows with every token.

The angle of a pair is that of its frequency times the position, kept as a fraction of a turn in two
words of state: ``high`` of `TURN_FRACTION` bits, -1/2 to 1/2, and ``low`` with `LOW_BITS` more: a
token adds at most 6e-11 of a turn to its error. The cosine is a table of 256 chords a turn, the
sine the same a quarter of a turn later: with the last bit of ``high`` they are off by 9e-5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.heads import HEAD_ONES, add_head_constant, make_head_ones
from sterna.families.layers.ones import reached
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import EDGE, GATE_FRACTION, ONE, ONE_FRACTION, WORD_BITS
from sterna.law.tables import Table, function_table
from sterna.program.definition import ScalarConstant, VectorFormat
from sterna.program.instructions import (
    Element,
    Kernel,
    Lookup,
    Operation,
    Scalar,
    ScalarOperation,
    Unit,
    Vector,
)
from sterna.program.items import Item

TURN_FRACTION, LOW_BITS = WORD_BITS - 1, 16
COSINE, SINE = "cosine", "sine"
"""Vectors of a token, carried, of `GATE_FRACTION` bits; the first is the table's name, too."""
HIGH, LOW, ANGLE = "angle_high", "angle_low", "angle"
HIGH_STEP, LOW_STEP = f"{HIGH}_step", f"{LOW}_step"
"""Constant vectors, see `steps`."""
_HALF, _QUARTER, _TURN, _CARRY = "half_turn", "quarter_turn", "turn", "carry"


def steps(frequencies: NDArray[np.float64]) -> dict[str, NDArray[np.int32]]:
    """The constant vectors of frequencies in turns a token, from 0 to below 1/2."""
    whole = np.rint(frequencies * 2.0**(TURN_FRACTION + LOW_BITS)).astype(np.int64)
    return {HIGH_STEP: (whole >> LOW_BITS).astype(np.int32),
            LOW_STEP: (whole & (1 << LOW_BITS) - 1).astype(np.int32)}


@dataclass(frozen=True)
class Rotary:
    """The angles of ``pairs`` pairs, and what is turned by them. The constant vector
    `heads.HEAD_UNIT` has as many elements."""

    pairs: int

    def vectors(self) -> dict[str, VectorFormat]:
        """What is declared."""
        fractions = {HIGH: TURN_FRACTION, LOW: TURN_FRACTION + LOW_BITS, COSINE: GATE_FRACTION,
                     SINE: GATE_FRACTION, ANGLE: None, HEAD_ONES: ONE_FRACTION}
        lifetimes = {HIGH: "state", LOW: "state", COSINE: "carried", SINE: "carried"}
        return {name: VectorFormat(length=self.pairs, fraction=fraction,
                                   lifetime=lifetimes.get(name, "local"))
                for name, fraction in fractions.items()}

    def table(self) -> Table:
        """Of cosines of fractions of a turn."""
        return function_table(COSINE, lambda turns: np.cos(2 * np.pi * turns), WORD_BITS,
                              TURN_FRACTION, GATE_FRACTION)

    def scalars(self) -> dict[str, ScalarConstant]:
        """Scalar constants: of ones, half a turn and a quarter of one; of a 1 of `reached`, a whole
        one and the last bit of ``high``."""
        turn = 2.0**TURN_FRACTION
        values = {_HALF: turn / 2 / ONE, _QUARTER: turn / 4 / ONE,
                  _TURN: turn / 2.0**GATE_FRACTION, _CARRY: 2.0**-GATE_FRACTION}
        return {name: scalar_constant(value, WORD_BITS) for name, value in values.items()}

    def items(self) -> tuple[Item, ...]:
        """A token's cosines and sines; then the angles are those of the next one."""
        constants = tuple(ScalarOperation(result=name, operation="constant", operands=(name,))
                          for name in (EDGE, *self.scalars()))

        def less(result: str, a: str, scalar: str) -> Element:
            return Element(result=result, a=HEAD_ONES, multiplier=Scalar(scalar, negative=True),
                           addend=a)

        return (*constants, Kernel(name=ANGLE, length=self.pairs, body=(
            *make_head_ones(HIGH),
            Lookup(result=COSINE, a=HIGH, table=COSINE),
            less(ANGLE, HIGH, _QUARTER), Lookup(result=SINE, a=ANGLE, table=COSINE),
            # Half a turn of the low word is one of its whole range: what it has more is carried.
            add_head_constant(LOW, LOW, LOW_STEP), less(ANGLE, LOW, _HALF),
            *reached(ANGLE, HEAD_ONES),
            Element(result=LOW, a=ANGLE, multiplier=Unit(-1), addend=LOW),
            Element(result=HIGH, a=ANGLE, multiplier=Scalar(_CARRY), addend=HIGH),
            add_head_constant(HIGH, HIGH, HIGH_STEP), less(ANGLE, HIGH, _HALF),
            *reached(ANGLE, HEAD_ONES),
            Element(result=HIGH, a=ANGLE, multiplier=Scalar(_TURN, negative=True), addend=HIGH))))


def turned(pair: tuple[str, str], result: tuple[str, str], spare: str) -> tuple[Operation, ...]:
    """``result`` is the vectors of a pair, turned: two roundings each; ``spare`` is overwritten."""
    def product(result: str, a: str, factor: str) -> Element:
        return Element(result=result, a=a, multiplier=Vector(factor), shift=GATE_FRACTION)

    first, second = pair
    return (
        product(spare, second, SINE), product(result[0], first, COSINE),
        Element(result=result[0], a=spare, multiplier=Unit(-1), addend=result[0]),
        product(spare, first, SINE), product(result[1], second, COSINE),
        Element(result=result[1], a=spare, multiplier=Unit(1), addend=result[1]))

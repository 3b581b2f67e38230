"""Small layers without state of their own, or with that of one token."""

from __future__ import annotations

from collections.abc import Sequence

from sterna.families.layers.tables import GATE_FRACTION, SIGMOID, step
from sterna.program.instructions import Constant, Element, Lookup, Operation, Unit, Vector

MIX_FRACTION = 16
"""Of the factors that mix two tokens."""


def token_shift(a: str, before: str, mixes: Sequence[tuple[str, str, str | None]],
                difference: str) -> tuple[Operation, ...]:
    """``result = before + (a - before) * <factor>`` for each (result, factor, absmax).

    ``before`` is the state that becomes ``a``; ``difference`` is overwritten. Exact but for one
    rounding each: ``a * factor + before * (1 - factor)`` of factors of `MIX_FRACTION` bits.
    """
    found: list[Operation] = [
        Element(result=difference, a=before, multiplier=Unit(-1), addend=a)]
    found += [Element(result=result, a=difference, multiplier=Constant(factor),
                      shift=MIX_FRACTION, addend=before, absmax=absmax)
              for result, factor, absmax in mixes]
    return (*found, Element(result=before, a=a, multiplier=Unit(1)))


def mix(result: str, share: str, change: str, a: str, absmax: str | None = None) -> Element:
    """``result = a + change * <share>``, of shares of `MIX_FRACTION` bits."""
    return Element(result=result, a=change, multiplier=Constant(share), shift=MIX_FRACTION,
                   addend=a, absmax=absmax)


def half_tanh(result: str, a: str, half: str, absmax: str | None = None) -> tuple[Operation, ...]:
    """``result = tanh(a) / 2`` of `GATE_FRACTION` bits, by the table of sigmoids; ``a`` and
    ``half`` are overwritten."""
    return (
        Element(result=a, a=a, multiplier=Unit(1), addend=a),
        Lookup(result=result, a=a, table=SIGMOID),
        Element(result=half, a=a, multiplier=Unit(0)),
        Lookup(result=half, a=half, table=SIGMOID),
        Element(result=result, a=half, multiplier=Unit(-1), addend=result, absmax=absmax),
    )


def silu(a: str, spare: str, absmax: str | None = None) -> tuple[Operation, ...]:
    """``a = a * sigmoid(a)``, of as many bits of fraction; ``spare`` is overwritten."""
    return (Lookup(result=spare, a=a, table=SIGMOID),
            Element(result=a, a=a, multiplier=Vector(spare), shift=GATE_FRACTION, absmax=absmax))


def relu(a: str, spare: str) -> tuple[Operation, ...]:
    """``a = max(a, 0)``; ``spare`` is overwritten. The scalar `EDGE` is of the section."""
    return (*step(spare, a),
            Element(result=a, a=a, multiplier=Vector(spare), shift=GATE_FRACTION))


def squared_relu(result: str, a: str, shift: int, absmax: str | None = None
                 ) -> tuple[Operation, ...]:
    """``result = max(a, 0)**2 >> shift``: exact but for that rounding; ``a`` is overwritten.

    ``result`` is overwritten on the way. The scalar `EDGE` is of the section.
    """
    return (
        *relu(a, result),
        Element(result=result, a=a, multiplier=Vector(a), shift=shift, absmax=absmax),
    )

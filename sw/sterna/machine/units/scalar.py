"""The scalar unit: one operation on scalar floats at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.unit import AreaTerms, Fields, Instruction, TracePort, Unit
from sterna.machine.units.vector import PORT

if TYPE_CHECKING:
    from sterna.machine.machine import Machine


class ScalarCode(IntEnum):
    """Operations of the scalar unit (field ``operation``)."""

    ABSMAX = 0
    """result = normalise(absmax register a), register cleared."""
    SQUARES = 1
    """result = normalise(squares register a), register cleared; with b = 1 it has a sum, signed."""
    CONSTANT = 2
    """result = next two words of the constant stream, mantissa and exponent: the first of a group,
    or two groups of a single lane."""
    MULTIPLY = 3
    ADD = 4
    CODE_SCALE = 5
    RSQRT = 6


SCALAR_CLOCKS = {
    ScalarCode.ABSMAX: 3, ScalarCode.CONSTANT: 3, ScalarCode.MULTIPLY: 6, ScalarCode.CODE_SCALE: 7,
    ScalarCode.RSQRT: 7, ScalarCode.ADD: 24, ScalarCode.SQUARES: 12,
}
"""Clocks of scalar operations; those of ADD (7 to 25) and SQUARES (7 to 18) depend on their
operands: of ADD one is mostly an epsilon. A group of the vector unit issues one clock before, but
for ABSMAX, whose result the scalar unit has early."""
CONSTANT_CLOCKS = 3
"""From one word of a constant scalar to the next, where they are two groups."""


@dataclass(frozen=True, kw_only=True)
class ScalarUnit(Unit):
    """Scalar floats in 16 registers, and what the reductions of the vector unit leave."""

    name = "scalar"
    per_stream = True

    def fields(self, machine: Machine) -> Fields:
        """Fields of SCALAR: ``operation`` is a `ScalarCode`, the others name registers."""
        del machine
        return (("operation", 3), ("result", 4), ("a", 4), ("b", 4))

    def area_terms(self, machine: Machine) -> AreaTerms:
        """It is a part of ``core.vector``, the same on all machines."""
        del machine
        return {}

    def traces(self, machine: Machine) -> tuple[TracePort, ...]:
        """Mantissa and exponent of every result."""
        signed = machine.vector.sums
        mantissa = (MANTISSA_BITS + signed, signed)
        return (TracePort("scalar", (mantissa, (EXPONENT_BITS, True)), "scalars"),)

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        return (Instruction("SCALAR", self.fields(machine), "a scalar operation", port=PORT),)

"""Loops of the sequencer, with offsets for the addresses inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.machine.unit import AreaTerms, Instruction, Unit
from sterna.machine.units.ternary import COUNT_BITS

if TYPE_CHECKING:
    from sterna.machine.machine import Machine


@dataclass(frozen=True, kw_only=True)
class Loops(Unit):
    """Two levels: 0 is the inner loop, 1 the outer.

    A repeated part runs ``count`` times; the level's offset grows by ``step`` after each time and
    returns to 0 after the last. A REPEAT of level 0 may sit inside one of level 1. Bit ``n`` of an
    instruction's ``ends`` closes level ``n``; one may close both (inner first), a REPEAT none.
    """

    name = "loops"

    def area_terms(self, machine: Machine) -> AreaTerms:
        del machine
        return {"core.sequencer": (1,)}

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        fields = (("level", 1), ("count", COUNT_BITS), ("step", machine.vector.address_bits))
        return (Instruction(
            "REPEAT", fields,
            "repeat the instructions up to the one whose ``ends`` bit closes the level"),)

"""READ: the host gets what a RUN writes, and puts it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.machine.unit import AreaTerms, Unit

if TYPE_CHECKING:
    from sterna.machine.machine import Machine

LONGEST_WORD = 256 * 32
"""Bits of a word that frames can name by pieces of 32."""


@dataclass(frozen=True, kw_only=True)
class Read(Unit):
    """Answers READ, and lets LOAD write the same memories: see `Machine.states`.

    It executes no instruction. Without it these memories have no way to the link.
    """

    name = "read"

    def area_terms(self, machine: Machine) -> AreaTerms:
        return {"read": (1, sum(spec.bits for spec in machine.states))}

    def area_factors(self) -> Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]:
        """Of what it adds to the preset ``tiny`` and to that of `l2mu` (Yosys, ECP5)."""
        return {"read": ((310, 2.95), (171, 0.24))}

    def check(self, machine: Machine) -> None:
        for spec in machine.states:
            if spec.bits > LONGEST_WORD:
                raise InputError(
                    f"machine: a word of {spec.name} has {spec.bits} bits; with the unit read it "
                    f"may have {LONGEST_WORD}")

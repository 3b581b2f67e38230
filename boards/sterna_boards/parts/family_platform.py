"""A stand-in for an Amaranth platform where only the family of the cells matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FamilyPlatform:
    """Tells the hardware of which family its cells are."""

    family: str
    large_rams: bool = False
    """Whether the part has RAMs of 288 kbit, in which deep memories are to lie."""

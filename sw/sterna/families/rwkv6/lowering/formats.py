"""Number formats of a lowered RWKV-6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.layers.tables import GATE_FRACTION, LOG_FRACTION
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import SHARE_FRACTION, BonusFormats
from sterna.families.rwkv6.layout import LOW_RANK, MATRICES, MIXED

SHARED = tuple(f"mix_{letter}_down" for letter in MIXED)
"""Matrices that take the same codes, of one digit."""


@dataclass(frozen=True, kw_only=True)
class Formats(BonusFormats):
    """Those of matrix states and of bonuses."""

    names: ClassVar[tuple[str, ...]] = (*MATRICES, HEAD)
    shared: ClassVar[tuple[str, ...]] = SHARED

    def source_fraction(self, name: str) -> int:
        pair, _, part = name.rpartition("_")
        if pair in LOW_RANK and part == "up":
            return GATE_FRACTION - 1  # half of a tanh
        return super().source_fraction(name)

    def result_fraction(self, name: str) -> int:
        if name.startswith("mix_") and name.endswith("_up"):
            return SHARE_FRACTION
        return LOG_FRACTION if name == "decay_up" else super().result_fraction(name)

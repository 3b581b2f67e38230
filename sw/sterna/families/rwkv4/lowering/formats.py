"""Number formats of a lowered RWKV-4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.layers.tables import LOG_FRACTION
from sterna.families.rwkv.formats import HEAD, SQUARE_SHIFT
from sterna.families.rwkv.formats import Formats as FormatsOfAll
from sterna.families.rwkv4.layout import MATRICES

NAMES = (*MATRICES, HEAD)
"""Matrices of the program."""


@dataclass(frozen=True, kw_only=True)
class Formats(FormatsOfAll):
    """Those of all versions, and of attention."""

    names: ClassVar[tuple[str, ...]] = NAMES

    log_fraction: int = LOG_FRACTION
    """Keys and receptances."""
    value_fraction: int = 12
    """Values, their average, and what leaves attention."""
    wide_fraction: int = 11
    """Inner channels in front of their square, which has twice as much less `SQUARE_SHIFT`."""

    @property
    def square_fraction(self) -> int:
        """Of squared channels; may be below 0."""
        return 2 * self.wide_fraction - SQUARE_SHIFT

    def source_fraction(self, name: str) -> int:
        return {"output": self.value_fraction, "down": self.square_fraction}.get(
            name, self.normed_fraction)

    def result_fraction(self, name: str) -> int:
        return {"value": self.value_fraction, "output": self.residual_fraction,
                "down": self.residual_fraction, "wide": self.wide_fraction, HEAD: 0}.get(
                    name, self.log_fraction)

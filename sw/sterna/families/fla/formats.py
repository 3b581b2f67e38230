"""Number formats of lowered models of flash-linear-attention."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sterna.families.layers.tables import LOG_FRACTION, LOSS_FRACTION
from sterna.families.rwkv.calibration import USUAL_ROOM, Room
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import StateFormats, shift_to, within_reach
from sterna.law.matrix_state import LEAST_DECAY_FRACTION, MOST_DECAY_FRACTION

ROOM = USUAL_ROOM | {
    "log": Room(1.1, LOG_FRACTION), "value": Room(1.5, 13), "state": Room(2.5, 13),
    "read": Room(2.5, 13), "headed": Room(1.5, 13), "wide": Room(1.5, 13), "inner": Room(1.5, 13)}
"""Of all models; states grow behind the text that is looked at."""


@dataclass(frozen=True, kw_only=True)
class FlaFormats(StateFormats):
    """Those of matrix states that are read with queries, and of a gated unit.

    ``enters`` and ``reads`` are the kinds of what is multiplied by values and of what states are
    read with.
    """

    limits: ClassVar[Mapping[str, tuple[int, int]]] = {
        "decay_fraction": (LEAST_DECAY_FRACTION, MOST_DECAY_FRACTION)}
    rooms: ClassVar[Mapping[str, Room]] = ROOM
    enters: ClassVar[str] = "key"
    reads: ClassVar[str] = "query"
    results: ClassVar[Mapping[str, str]]
    """Kinds of what matrices give, those of the residual stream and of logarithms left out."""

    decay_fraction: int = LOSS_FRACTION
    """What states lose."""
    wide_fraction: int = 12
    """Inner channels in front of their gate."""
    inner_fraction: int = 12
    """At most of them behind it, see `inner`."""

    @classmethod
    def fit(cls, fractions: dict[str, int]) -> None:
        """Lower chosen fraction bits by their kind, where they cannot be together."""
        within_reach(fractions, cls.reads, cls.enters)

    @property
    def entering(self) -> int:
        return self.fraction(self.enters)

    @property
    def asked(self) -> int:
        return self.fraction(self.reads)

    @property
    @abstractmethod
    def attended(self) -> int:
        """Fraction bits of what leaves attention."""

    def fraction(self, kind: str) -> int:
        """Bits of a kind."""
        found: int = getattr(self, f"{kind}_fraction")
        return found

    @property
    def inner_shift(self) -> int:
        """Of inner channels times their gate."""
        return shift_to(self.wide_fraction + self.log_fraction, self.inner_fraction)

    @property
    def inner(self) -> int:
        """Fraction bits of what leads out of them."""
        return self.wide_fraction + self.log_fraction - self.inner_shift

    def source_fraction(self, name: str) -> int:
        return {"output": self.attended, "down": self.inner}.get(name, self.normed_fraction)

    def result_fraction(self, name: str) -> int:
        if name == HEAD:
            return 0
        if name in ("output", "down"):
            return self.residual_fraction
        return self.fraction({"wide": "wide", **self.results}.get(name, "log"))

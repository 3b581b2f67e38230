"""Number formats of lowered models of delta rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sterna.families.fla.delta_configuration import MOST_STEPS
from sterna.families.fla.delta_layout import step_name
from sterna.families.fla.formats import ROOM, FlaFormats
from sterna.families.fla.layout import CHANNELS
from sterna.families.rwkv.calibration import Room
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import GatedFormats, shift_to
from sterna.law.matrix_state import MOST_DECAY_FRACTION

TAKING = ("query", *(step_name(kind, step) for step in range(MOST_STEPS)
                     for kind in ("key", "value")), "rate", "forget", "gate")
"""Matrices of attention that take what the norm gives, of all models."""
STEEPEST = 3
"""Bits of fraction by which what a table gives is finer than what it takes, of slope 1."""
SPEED_FRACTION = 8
"""Of what the speed of forgetting is multiplied by."""


@dataclass(frozen=True, kw_only=True)
class DeltaFormats(GatedFormats, FlaFormats):
    """See `FlaFormats`; values and what is read are logarithms' words: what enters tables of
    sigmoids, and what is subtracted from it. Directions have ``unit_fraction``.
    """

    names: ClassVar[tuple[str, ...]] = (*TAKING, "output", *CHANNELS, HEAD)
    shared: ClassVar[tuple[str, ...]] = (*TAKING, "admit", "wide")
    results: ClassVar[Mapping[str, str]] = {}
    enters: ClassVar[str] = "unit"
    reads: ClassVar[str] = "unit"
    rooms: ClassVar[Mapping[str, Room]] = {
        kind: room for kind, room in ROOM.items() if kind not in ("value", "read")} | {
            "attended": Room(1.5, 13), "decay": Room(1.5, MOST_DECAY_FRACTION),
            "speed": Room(1.5, 16), "forget": Room(1.5, 16)}
    """The last three of models that forget."""

    unit_fraction: int = 16
    speed_fraction: int = 14
    forget_fraction: int = 14
    """At most, see `forget`."""

    def __post_init__(self) -> None:
        for name in ("value", "read"):
            object.__setattr__(self, f"{name}_fraction", self.log_fraction)
        super().__post_init__()

    @property
    def gated_by(self) -> int:
        return self.log_fraction

    @property
    def forget_shift(self) -> int:
        """Of speeds times what they are multiplied by."""
        return shift_to(self.speed_fraction + SPEED_FRACTION, self.forget_fraction)

    @property
    def forget(self) -> int:
        """Fraction bits of the logarithm of what is kept, its sign taken away."""
        return self.speed_fraction + SPEED_FRACTION - self.forget_shift

    @classmethod
    def fit(cls, fractions: dict[str, int]) -> None:
        fractions["state"] = min(fractions["state"], fractions["log"])
        if "speed" in fractions:  # tables must not be too steep
            fractions["speed"] = min(fractions["speed"], fractions["log"] + STEEPEST)
            made = fractions["speed"] + SPEED_FRACTION
            forget = made - shift_to(made, fractions["forget"])
            fractions["decay"] = min(fractions["decay"], forget + STEEPEST)

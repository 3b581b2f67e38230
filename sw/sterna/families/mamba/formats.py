"""Number formats of lowered Mamba models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sterna.errors import InputError
from sterna.families.layers.tables import LOG_FRACTION, WORD_BITS
from sterna.families.mamba.layout import LINEAR
from sterna.families.rwkv.calibration import USUAL_ROOM, Room
from sterna.families.rwkv.formats import HEAD, WORD_LIMIT, Formats
from sterna.families.rwkv.headed_formats import shift_to
from sterna.law.arithmetic import SHIFT_STEP

LONGEST = 7.99
"""Logarithm of what is kept beyond which nothing is told apart: 3e-4 is kept there."""
STEEPEST = 4
"""Bits of fraction by which time steps may be finer than what their table takes."""


@dataclass(frozen=True, kw_only=True)
class MambaFormats(Formats):
    """See `Formats`."""

    names: ClassVar[tuple[str, ...]] = (*LINEAR, HEAD)
    shared: ClassVar[tuple[str, ...]] = ("value", "gate", "step_down", "mix")
    """Matrices that take the same codes as others."""
    rooms: ClassVar[Mapping[str, Room]] = USUAL_ROOM | {
        "log": Room(1.1, LOG_FRACTION), "speed": Room(1.5, 17), "rate": Room(1.0, 16),
        "forget": Room(1.0, 17), "entered": Room(1.5, 16), "mix": Room(1.5, 14),
        "state": Room(2.5, 15), "read": Room(2.0, 13), "attended": Room(1.5, 13)}
    """States grow behind the text that is looked at."""

    log_fraction: int = LOG_FRACTION
    """What the tables of sigmoids and time steps take, and what enters."""
    speed_fraction: int = 16
    """Time steps."""
    rate_fraction: int = 12
    """At most of what they are multiplied by, see `rate`."""
    forget_fraction: int = 15
    """Logarithms of what is kept, their signs taken away, less `middle`."""
    entered_fraction: int = 14
    """At most of what enters times its time step, see `entered`."""
    mix_fraction: int = 12
    """What cells take of that, and what they are read with."""
    state_fraction: int = 13
    read_fraction: int = 12
    attended_fraction: int = 12
    """At most of what leads out, see `attended`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, found in (("forget", self.rate), ("read", self.skip)):
            if not 0 <= found < WORD_BITS:
                raise InputError(f"formats: {name}_fraction asks for {found} bits of fraction of "
                                 f"a constant, not for 0 to {WORD_BITS - 1}")

    @classmethod
    def fit(cls, fractions: dict[str, int]) -> None:
        """Lower chosen fraction bits by their kind, where they cannot be together."""
        fractions["speed"] = min(fractions["speed"], fractions["log"] + STEEPEST)
        fractions["forget"] = min(fractions["forget"], fractions["speed"] + fractions["rate"])
        fractions["read"] = min(fractions["read"], fractions["log"])

    @property
    def forget_shift(self) -> int:
        """Of time steps times rates."""
        spare = self.speed_fraction + self.rate_fraction - self.forget_fraction
        return max(0, spare // SHIFT_STEP * SHIFT_STEP)

    @property
    def rate(self) -> int:
        """Fraction bits of rates."""
        return self.forget_fraction + self.forget_shift - self.speed_fraction

    @property
    def middle(self) -> float:
        """What is taken off logarithms, which are never negative, so that words of both signs stand
        for them."""
        return WORD_LIMIT * 2.0**-self.forget_fraction

    @property
    def entered_shift(self) -> int:
        """Of time steps times what enters."""
        return shift_to(self.speed_fraction + self.log_fraction, self.entered_fraction)

    @property
    def entered(self) -> int:
        """Fraction bits of these."""
        return self.speed_fraction + self.log_fraction - self.entered_shift

    @property
    def skip(self) -> int:
        """Fraction bits of what is added times itself, shifted by `gain_fraction`."""
        return self.gain_fraction + self.read_fraction - self.log_fraction

    @property
    def attended_shift(self) -> int:
        """Of what is read times its gate."""
        return shift_to(self.read_fraction + self.log_fraction, self.attended_fraction)

    @property
    def attended(self) -> int:
        """Fraction bits of that."""
        return self.read_fraction + self.log_fraction - self.attended_shift

    def source_fraction(self, name: str) -> int:
        found = {"step_down": self.log_fraction, "mix": self.log_fraction,
                 "step_up": self.log_fraction, "output": self.attended}
        return found.get(name, self.normed_fraction)

    def result_fraction(self, name: str) -> int:
        found = {HEAD: 0, "output": self.residual_fraction, "mix": self.mix_fraction}
        return found.get(name, self.log_fraction)

"""Number formats of versions whose states are matrices."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from sterna.errors import InputError
from sterna.families.layers.heads import Heads
from sterna.families.layers.tables import LOG_FRACTION, LOSS_FRACTION
from sterna.families.rwkv.calibration import USUAL_ROOM, Room
from sterna.families.rwkv.formats import HEAD, SQUARE_SHIFT, Formats
from sterna.law.arithmetic import MAX_SHIFT, SHIFT_STEP
from sterna.law.matrix_state import MOST_PRODUCT_SHIFT
from sterna.program.matrix_state import StateFormat

SHARE_FRACTION = 12
"""Of shares that may be above 1, and of bonuses."""
HEADED_ROOM = USUAL_ROOM | {
    "log": Room(1.1, LOG_FRACTION), "key": Room(1.5, 13), "value": Room(2.5, 13),
    "receptance": Room(1.5, 13), "state": Room(2.5, 13), "read": Room(2.5, 13),
    "headed": Room(1.5, 13), "attended": Room(1.5, 13), "wide": Room(3.0, 14)}
"""States grow behind the text that is looked at; inner channels are squared."""
BONUS_KINDS = {"key": "key", "value": "value", "receptance": "receptance", "gate": "log",
               "wide": "wide"}
"""Of what matrices of versions 5 and 6 give."""


@dataclass(frozen=True, kw_only=True)
class HeadedFormats(Formats):
    """Those of all versions, and of matrix states."""

    log_fraction: int = LOG_FRACTION
    """What the table of sigmoids takes."""
    key_fraction: int = 12
    """Keys, also times what is a constant of theirs."""
    value_fraction: int = 12
    receptance_fraction: int = 12
    state_fraction: int = 10
    read_fraction: int = 10
    """What is read of a state."""
    headed_fraction: int = 12
    """That behind the norm of its head."""
    attended_fraction: int = 12
    """At most of what leaves attention, see `attended`."""
    wide_fraction: int = 11
    """Inner channels in front of their square, which has twice as much less `SQUARE_SHIFT`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("state", self.product_shift, MOST_PRODUCT_SHIFT)
        self._require("read", self.read_shift, MAX_SHIFT)

    def _require(self, name: str, shift: int, most: int) -> None:
        if not 0 <= shift <= most:
            raise InputError(f"formats: {name}_fraction asks for a shift by {shift} of what it is "
                             f"made of, not by 0 to {most}")

    @property
    @abstractmethod
    def gated_by(self) -> int:
        """Fraction bits of the gate."""

    @property
    def product_shift(self) -> int:
        """Of keys times values."""
        return self.key_fraction + self.value_fraction - self.state_fraction

    @property
    def read_shift(self) -> int:
        """Of receptances times states."""
        return self.receptance_fraction + self.state_fraction - self.read_fraction

    @property
    def attended_shift(self) -> int:
        """Of the gated: no finer than it may be."""
        return shift_to(self.headed_fraction + self.gated_by, self.attended_fraction)

    @property
    def attended(self) -> int:
        """Fraction bits of what leaves attention."""
        return self.headed_fraction + self.gated_by - self.attended_shift

    @property
    def square_fraction(self) -> int:
        """Of squared channels; may be below 0."""
        return 2 * self.wide_fraction - SQUARE_SHIFT

    def state(self, heads: Heads) -> StateFormat:
        """Of a layer; keys are its rows."""
        return StateFormat(heads=heads.count, rows=heads.step, columns=heads.step,
                           fraction=self.state_fraction, decay_fraction=LOSS_FRACTION,
                           product_shift=self.product_shift, read_shift=self.read_shift)


@dataclass(frozen=True, kw_only=True)
class BonusFormats(HeadedFormats):
    """Versions 5 and 6: keys also times the bonus; the gate is a logarithm's fraction."""

    @property
    def gated_by(self) -> int:
        return self.log_fraction

    def source_fraction(self, name: str) -> int:
        return {"output": self.attended, "down": self.square_fraction}.get(
            name, self.normed_fraction)

    def result_fraction(self, name: str) -> int:
        return {"receptance": self.receptance_fraction, "key": self.key_fraction,
                "value": self.value_fraction, "output": self.residual_fraction,
                "down": self.residual_fraction, "wide": self.wide_fraction, HEAD: 0}.get(
                    name, self.log_fraction)


def shift_to(fraction: int, most: int) -> int:
    """The least shift of an operation by which no more bits of fraction are left."""
    return max(0, -(-(fraction - most) // SHIFT_STEP) * SHIFT_STEP)


def within_reach(fractions: dict[str, int]) -> None:
    """States and what is read of them are no finer than what they are made of."""
    fractions["state"] = min(fractions["state"], fractions["key"] + fractions["value"])
    fractions["read"] = min(fractions["read"], fractions["receptance"] + fractions["state"])

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
class CellFormats(Formats):
    """Those of all versions, and of matrix states."""

    state_fraction: int = 10
    read_fraction: int = 10
    """What is read of a state."""

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
    def entering(self) -> int:
        """Fraction bits of what is multiplied by values."""

    @property
    @abstractmethod
    def kept(self) -> int:
        """Fraction bits of values, by which that is multiplied."""

    @property
    @abstractmethod
    def asked(self) -> int:
        """Fraction bits of what states are read with."""

    @property
    def product_shift(self) -> int:
        """Of what enters a state."""
        return self.entering + self.kept - self.state_fraction

    @property
    def read_shift(self) -> int:
        """Of what states are read with, times these."""
        return self.asked + self.state_fraction - self.read_fraction

    def cells(self, heads: int, rows: int, columns: int, decay_fraction: int = LOSS_FRACTION
              ) -> StateFormat:
        """Of so many matrices."""
        return StateFormat(heads=heads, rows=rows, columns=columns, fraction=self.state_fraction,
                           decay_fraction=decay_fraction, product_shift=self.product_shift,
                           read_shift=self.read_shift)


@dataclass(frozen=True, kw_only=True)
class StateFormats(CellFormats):
    """Of states of heads, and of what tables take."""

    log_fraction: int = LOG_FRACTION
    """What the table of sigmoids takes."""
    value_fraction: int = 12
    headed_fraction: int = 12
    """What is read of a state, behind its norm."""

    @property
    def kept(self) -> int:
        return self.value_fraction

    def state(self, keys: Heads, values: Heads, decay_fraction: int = LOSS_FRACTION
              ) -> StateFormat:
        """Of a layer; keys are its rows, values its columns."""
        return self.cells(keys.count, keys.step, values.step, decay_fraction)


@dataclass(frozen=True, kw_only=True)
class GatedFormats(StateFormats):
    """Of attention that leaves through a gate."""

    attended_fraction: int = 12
    """At most of what leaves attention, see `attended`."""

    @property
    @abstractmethod
    def gated_by(self) -> int:
        """Fraction bits of the gate."""

    @property
    def attended_shift(self) -> int:
        """Of the gated: no finer than it may be."""
        return shift_to(self.headed_fraction + self.gated_by, self.attended_fraction)

    @property
    def attended(self) -> int:
        """Fraction bits of what leaves attention."""
        return self.headed_fraction + self.gated_by - self.attended_shift


@dataclass(frozen=True, kw_only=True)
class HeadedFormats(GatedFormats):
    """Of versions of RWKV: states are read with receptances, inner channels are squared."""

    key_fraction: int = 12
    """Keys, also times what is a constant of theirs."""
    receptance_fraction: int = 12
    wide_fraction: int = 11
    """Inner channels in front of their square, which has twice as much less `SQUARE_SHIFT`."""

    @property
    def entering(self) -> int:
        return self.key_fraction

    @property
    def asked(self) -> int:
        return self.receptance_fraction

    @property
    def square_fraction(self) -> int:
        """Of squared channels; may be below 0."""
        return 2 * self.wide_fraction - SQUARE_SHIFT


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


def within_reach(fractions: dict[str, int], asked: str = "receptance", entering: str = "key"
                 ) -> None:
    """States and what is read of them, by the kind ``asked``, are no finer than what they are made
    of."""
    fractions["state"] = min(fractions["state"], fractions[entering] + fractions["value"])
    fractions["read"] = min(fractions["read"], fractions[asked] + fractions["state"])

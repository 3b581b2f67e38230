"""Number formats of a lowered RWKV-7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.errors import InputError
from sterna.families.layers.tables import GATE_FRACTION
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import HeadedFormats, shift_to
from sterna.families.rwkv7.layout import LOW_RANK, MATRICES

UNIT_FRACTION, LEAST_UNIT_FRACTION = 16, 6
"""Of the elements of a vector of length 1, at most and at least."""

ONE_DIGIT = ("value", *(f"{pair}_{part}" for pair in LOW_RANK for part in ("down", "up")))
"""Matrices whose codes have one digit: values share theirs with a low-rank map."""


@dataclass(frozen=True, kw_only=True)
class Formats(HeadedFormats):
    """Those of matrix states; the shifts of a state are the same in all its passes, so that they
    decide the fraction bits of the directions that are read and removed."""

    names: ClassVar[tuple[str, ...]] = (*MATRICES, HEAD)
    shared: ClassVar[tuple[str, ...]] = ONE_DIGIT

    removed_fraction: int = 12
    """At most of what a state has in a direction, see `removed`."""
    agreed_fraction: int = 12
    """At most of receptances times keys, see `agreed`."""
    gate_fraction: int = 12

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unit_fraction < LEAST_UNIT_FRACTION or not 0 <= self.rate_fraction <= GATE_FRACTION:
            raise InputError(f"formats: directions have {self.unit_fraction} bits of fraction, and "
                             f"times the learning rate {self.rate_fraction}; read, receptance, key "
                             "and value_fraction must leave them more, and no more than "
                             f"{GATE_FRACTION}")

    @property
    def unit_fraction(self) -> int:
        """Of the direction that is removed from a state."""
        return min(UNIT_FRACTION, self.removed_fraction + self.receptance_fraction
                   - self.read_fraction)

    @property
    def removed(self) -> int:
        """Of what a state has in it."""
        return self.unit_fraction - self.receptance_fraction + self.read_fraction

    @property
    def rate_fraction(self) -> int:
        """Of the direction times the learning rate."""
        return self.key_fraction + self.value_fraction - self.removed

    @property
    def agreed_shift(self) -> int:
        """Of receptances times keys."""
        return shift_to(self.receptance_fraction + self.key_fraction, self.agreed_fraction)

    @property
    def agreed(self) -> int:
        """Of the products."""
        return self.receptance_fraction + self.key_fraction - self.agreed_shift

    @property
    def gated_by(self) -> int:
        return self.gate_fraction

    def source_fraction(self, name: str) -> int:
        pair, _, part = name.rpartition("_")
        if pair in LOW_RANK and part == "up":
            # Half of a tanh; a sigmoid; what the map gave.
            return {"decay": GATE_FRACTION - 1, "gate": GATE_FRACTION}.get(pair, self.log_fraction)
        return {"output": self.attended, "down": self.square_fraction}.get(
            name, self.normed_fraction)

    def result_fraction(self, name: str) -> int:
        return {"gate_up": self.gate_fraction, "receptance": self.receptance_fraction,
                "key": self.key_fraction, "value": self.value_fraction,
                "output": self.residual_fraction, "down": self.residual_fraction,
                "wide": self.wide_fraction, HEAD: 0}.get(name, self.log_fraction)


def fit(fractions: dict[str, int]) -> None:
    """Fraction bits that can be together: of the finer of keys and values fewer until directions
    times the learning rate fit a word."""
    while True:
        fractions["state"] = min(fractions["state"], fractions["key"] + fractions["value"])
        fractions["read"] = min(fractions["read"], fractions["receptance"] + fractions["state"])
        unit = min(UNIT_FRACTION, fractions["removed"] + fractions["receptance"]
                   - fractions["read"])
        removed = unit - fractions["receptance"] + fractions["read"]
        if fractions["key"] + fractions["value"] - removed <= GATE_FRACTION:
            return
        finer = max(("key", "value"), key=fractions.__getitem__)
        fractions[finer] -= 1

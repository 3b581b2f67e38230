"""Number formats of lowered BDH models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sterna.families.bdh.configuration import MOST_HEADS
from sterna.families.bdh.layout import ENTER, GATE, LEAVE, matrices
from sterna.families.layers.tables import WORD_BITS
from sterna.families.rwkv.calibration import Room
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import CellFormats, shift_to
from sterna.law.matrix_state import MOST_PRODUCT_SHIFT

LEAST = -8
"""Fraction bits of states, and of what is read of them: of sums over a whole text."""
_KINDS = {one.name: one.kind for one in matrices(MOST_HEADS)}


@dataclass(frozen=True, kw_only=True)
class BdhFormats(CellFormats):
    """See `CellFormats`; values are the residual stream."""

    names: ClassVar[tuple[str, ...]] = (*(one.name for one in matrices(MOST_HEADS)), HEAD)
    shared: ClassVar[tuple[str, ...]] = tuple(
        one.name for one in matrices(MOST_HEADS, ENTER, GATE))
    """Matrices that take the same codes as others."""
    rooms: ClassVar[Mapping[str, Room]] = {
        "residual": Room(1.5, 12), "normed": Room(1.5, 12), "key": Room(1.5, 13),
        "state": Room(4.0, 13, LEAST), "read": Room(4.0, 13, LEAST), "wide": Room(1.5, 13),
        "inner": Room(1.5, 13), "sum": Room(1.5, 13)}
    """States never decay: they grow with the text, and what is read of them."""
    limits: ClassVar[Mapping[str, tuple[int, int]]] = dict.fromkeys(
        ("state_fraction", "read_fraction"), (LEAST, WORD_BITS - 1))

    key_fraction: int = 12
    """Neurons, also turned: what states are made of and read with."""
    wide_fraction: int = 12
    """Their gates."""
    inner_fraction: int = 12
    """At most of the two times each other, see `inner`."""
    sum_fraction: int = 12
    """What these add up to, in front of its norm."""

    @classmethod
    def fit(cls, fractions: dict[str, int]) -> None:
        """Lower chosen fraction bits by their kind, where they cannot be together."""
        fractions["state"] = min(fractions["state"], fractions["key"] + fractions["residual"])
        fractions["key"] = min(
            fractions["key"], MOST_PRODUCT_SHIFT + fractions["state"] - fractions["residual"])
        fractions["read"] = min(fractions["read"], fractions["key"] + fractions["state"])

    @property
    def entering(self) -> int:
        return self.key_fraction

    @property
    def kept(self) -> int:
        return self.residual_fraction

    @property
    def asked(self) -> int:
        return self.key_fraction

    @property
    def inner_shift(self) -> int:
        """Of neurons times their gates."""
        return shift_to(self.key_fraction + self.wide_fraction, self.inner_fraction)

    @property
    def inner(self) -> int:
        """Fraction bits of these."""
        return self.key_fraction + self.wide_fraction - self.inner_shift

    def source_fraction(self, name: str) -> int:
        return {GATE: self.normed_fraction, LEAVE: self.inner}.get(
            _kind(name), self.residual_fraction)

    def result_fraction(self, name: str) -> int:
        return {ENTER: self.key_fraction, GATE: self.wide_fraction, LEAVE: self.sum_fraction}.get(
            _kind(name), 0)


def _kind(name: str) -> str:
    """Of a matrix."""
    return _KINDS.get(name, name)

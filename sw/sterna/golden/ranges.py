"""What the values of a program reach, and what rounding and saturation change, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ldexp

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sterna.golden.place import Told
from sterna.golden.scalars import ScalarFloat
from sterna.machine.keys import ValueKey

Number = int | float


@dataclass
class Range:
    """Of one value: its least and most, and counts of elements.

    ``limit`` is the largest magnitude of its format, None of scalars, which are real numbers here.
    ``rounded`` counts what was not whole in the last place of the format, for a state of neurons in
    any of the steps that lead to it; it is None of scalars, of which every product is truncated,
    and of outputs of neurons.
    """

    name: str
    least: Number
    most: Number
    limit: int | None
    elements: int = 0
    rounded: int | None = None
    saturated: int = 0

    @property
    def share(self) -> float | None:
        """The part of the format that is used; at 1 its end is reached."""
        return None if not self.limit else max(-self.least, self.most) / self.limit

    def add(self, other: Range) -> None:
        """Let it be of the elements of both."""
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        self.elements += other.elements
        self.saturated += other.saturated
        if other.rounded is not None:
            self.rounded = other.rounded + (self.rounded or 0)


class Ranges:
    """``found`` by place, in the order of execution."""

    def __init__(self) -> None:
        self.found: dict[ValueKey, Range] = {}

    def see(self, told: Told, value: Tensor | NDArray[np.int64], limit: int,
            rounded: int | None = None, saturated: int = 0) -> None:
        """What an operation made in this RUN."""
        least, most = int(value.min()), int(value.max())
        self._add(told, Range(told.name, least, most, limit, value.size if isinstance(
            value, np.ndarray) else value.numel(), rounded, saturated))

    def see_scalars(self, told: Told, values: Sequence[ScalarFloat]) -> None:
        """The same of scalars."""
        reals = [ldexp(value.mantissa, value.exponent) for value in values]
        self._add(told, Range(told.name, min(reals), max(reals), None, len(reals)))

    def _add(self, told: Told, seen: Range) -> None:
        before = self.found.setdefault(told.key, seen)
        if before is not seen:
            before.add(seen)

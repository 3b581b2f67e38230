"""What a RUN gives: the head's accumulators with their scale, values; and who watches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sterna.machine.keys import ValueKey

Observer = Callable[[ValueKey, str, NDArray[np.int64]], None]
"""Told every produced value in the order of execution: its key, its name, its integers.

Vectors and codes come as [elements], accumulators before they are saturated, scalars as
[mantissa, exponent]. An executor of several token streams adds a first axis for the streams.
"""


@dataclass(frozen=True, eq=False)
class GoldenResult:
    """Logits of one RUN in one stream: accumulators (saturated words) times a scalar.

    `all_accumulators` is int64 [rows of the head]; it is empty for a program without a head.
    `values` are the results that the program names, int64 [elements].
    """

    all_accumulators: NDArray[np.int64]
    mantissa: int
    exponent: int
    top_k: int
    values: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> list[int]:
        """Row numbers of the `top_k` best logits, best first; ties go to the smaller row."""
        order = np.argsort(-self.all_accumulators, kind="stable")
        return order[: self.top_k].tolist()

    @property
    def accumulators(self) -> list[int]:
        """Accumulators of `rows`."""
        return self.all_accumulators[self.rows].tolist()

    @property
    def scale(self) -> float:
        """The real value of an accumulator's unit."""
        return self.mantissa * 2.0**self.exponent

    @property
    def logits(self) -> NDArray[np.float64]:
        """All logits, float64 [rows of the head]."""
        return self.all_accumulators.astype(np.float64) * self.scale

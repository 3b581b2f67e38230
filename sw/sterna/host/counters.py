"""What the board counted while it computed one token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Counters:
    """Clock cycles from the request to the result, and what the accumulate engine did in them."""

    cycles: int = 0
    busy: int = 0
    """Cycles in which a weight word was accumulated."""
    waiting_weights: int = 0
    waiting_codes: int = 0

    @property
    def utilisation(self) -> float:
        """Share of the cycles in which the engine accumulated; 0 for a device without a clock."""
        return self.busy / self.cycles if self.cycles else 0.0

    @classmethod
    def total(cls, counters: Iterable[Counters]) -> Counters:
        """The sums over several tokens."""
        rows = [(c.cycles, c.busy, c.waiting_weights, c.waiting_codes) for c in counters]
        return cls(*(sum(column) for column in zip(*rows, strict=True))) if rows else cls()

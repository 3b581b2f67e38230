"""What the board counted while it computed one RUN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Counters:
    """Clock cycles from the request to the result, and what units did in them.

    What the board's units do not count is 0.
    """

    cycles: int = 0
    busy: int = 0
    """Cycles in which a weight word was asked for and accumulated."""
    waiting_weights: int = 0
    waiting_codes: int = 0
    events: int = 0
    """Sources that synapses accumulated, once for each connection."""
    sources: int = 0
    """Sources that they looked at, once for each connection."""
    clipped: int = 0
    """Cells of matrix states, and what was read of them, that saturated."""

    @property
    def utilisation(self) -> float:
        """Share of the cycles in which the engine accumulated; 0 for a device without a clock."""
        return self.busy / self.cycles if self.cycles else 0.0

    @classmethod
    def of(cls, counted: Mapping[str, int]) -> Counters:
        """Those that a machine has, by their names."""
        return cls(**{item.name: counted.get(item.name, 0) for item in fields(cls)})

    @classmethod
    def total(cls, counters: Iterable[Counters]) -> Counters:
        """The sums over several RUNs."""
        counters = list(counters)
        return cls(**{item.name: sum(getattr(counter, item.name) for counter in counters)
                      for item in fields(cls)})

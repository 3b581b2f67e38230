"""What a board has run since it can be restored: bounded where the board answers READ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sterna.machine.snapshot import State

LONGEST_LOG = 1024
"""RUNs after which a board that answers READ is read: what a fault costs at most to repeat."""

Item = TypeVar("Item")


@dataclass
class Log(Generic[Item]):
    """What RUNs were given since ``start``, or since a reset: a board that lost all is given it
    again.

    Without READ that is every RUN of a text since its reset: an endless stream makes it grow, eight
    bytes a token or the codes of a time step, until the next reset.
    """

    start: State | None = None
    items: list[Item] = field(default_factory=list)

    @property
    def position(self) -> int:
        """RUNs since the reset."""
        return (self.start.position if self.start else 0) + len(self.items)

    @property
    def is_long(self) -> bool:
        """Whether it is time to read the board."""
        return len(self.items) >= LONGEST_LOG

"""What is counted of a shared device."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Counted:
    """Sums since the beginning; seconds by the clock on the wall."""

    made: int = 0
    """Ids that were made."""
    read: int = 0
    """Ids before them that were read."""
    read_seconds: float = 0.0
    """Time for that: the share of streams that read, of the rounds' time."""
    kept: int = 0
    """Ids that had not to be read, since a stream still had them."""
    restored: int = 0
    """Ids that had not to be read, since a state was kept that had them."""
    restore_seconds: float = 0.0
    save_seconds: float = 0.0
    busy_seconds: float = 0.0
    turns: int = 0
    """How often a text left its stream for another's turn."""

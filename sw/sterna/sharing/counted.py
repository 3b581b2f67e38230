"""What is counted of a shared device."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Waits:
    """Seconds that texts have waited."""

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """Another wait."""
        self.count += 1
        self.seconds += seconds
        self.longest = max(self.longest, seconds)


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
    waits: Waits = field(default_factory=Waits)
    """For a stream, each time that a text has none."""
    longest_shares: float = 0.0
    """The longest of them as ids that the device did meanwhile, over the shares of all who had come
    before. What has to be read again for somebody's turn comes on top of his share."""

    @property
    def done(self) -> int:
        """Ids that the device worked on."""
        return self.made + self.read

"""How many ids a board that feeds itself is asked for at a time, so that a text is seen to grow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

SHORTEST, LONGEST = 0.03, 0.1
"""Seconds that an answer may take: then the next one has twice the ids, or half."""


class Pace:
    """``count`` ids of an answer: 1 at first, at most ``most``, by how long answers take."""

    def __init__(self, most: int) -> None:
        self._most, self.count = most, 1

    @contextmanager
    def answer(self) -> Iterator[None]:
        """An answer is waited for."""
        start = time.monotonic()
        yield
        seconds = time.monotonic() - start
        if seconds < SHORTEST:
            self.count = min(2 * self.count, self._most)
        elif seconds > LONGEST:
            self.count = max(1, self.count // 2)

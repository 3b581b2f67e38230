"""How long work tells what it is at; whoever asks for it decides what to show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Progress = Callable[[str, int, int], None]
"""Told the step in words, the parts done and the parts in all."""


class Report:
    """Takes what a task tells while it works; this one shows nothing."""

    def __call__(self, step: str, done: int, parts: int) -> None:
        """As `Progress`."""

    def note(self, line: str) -> None:
        """A line that is worth knowing, and no result."""

    def write(self, text: str) -> None:
        """Text of the result, as it is made."""


Reports = Callable[[], AbstractContextManager[Report]]
"""Makes a report for each piece of work."""


def silent() -> AbstractContextManager[Report]:
    """One that shows nothing."""
    return nullcontext(Report())

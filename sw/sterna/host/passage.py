"""A text that goes on from where an earlier run of it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sterna.machine.snapshot import State

CONTEXT = 16
"""Ids before the next one, which decoders look at."""


@dataclass
class Passage:
    """Where a text begins, and when it has ended where that is.

    ``state`` is None at the start of a text. ``pending`` are the ids at its end that the device has
    not read, ``context`` some of those before.
    """

    state: State | None = None
    pending: list[int] = field(default_factory=list)
    context: list[int] = field(default_factory=list)

    def end(self, state: State, ids: list[int], pending: list[int]) -> None:
        """The text has ended behind ``ids``, those of this run, the last of which are pending."""
        read = [*self.context, *ids][:-len(pending) or None]
        self.state, self.pending, self.context = state, pending, read[-CONTEXT:]

    @property
    def facts(self) -> dict[str, Any]:
        """What a file keeps of it beside the state."""
        return {"pending": self.pending, "context": self.context}

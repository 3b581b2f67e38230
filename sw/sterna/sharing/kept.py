"""States of texts that are no longer in a stream, by what they have read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from sterna.machine.snapshot import State

MOST_BYTES, MOST_STATES = 1 << 26, 64


class KeptStates:
    """The least recently used go first when there are too many, or too large ones."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_states: int = MOST_STATES) -> None:
        self._most_bytes, self._most_states = most_bytes, most_states
        self._states: OrderedDict[tuple[int, ...], State] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._states)

    def keep(self, read: Sequence[int], state: State) -> None:
        """Keep what a text had after these ids."""
        key = tuple(read)
        self._drop(key)
        self._states[key] = state
        self.bytes += _size(key, state)
        while self._states and (self.bytes > self._most_bytes
                                or len(self._states) > self._most_states):
            self._drop(next(iter(self._states)))

    def longest(self, ids: Sequence[int]) -> tuple[int, State | None]:
        """How many of the ids were read by the text that had read most of them, not all; 0 and None
        where there is none."""
        wanted = tuple(ids)
        found = max((key for key in self._states
                     if len(key) < len(wanted) and wanted[:len(key)] == key),
                    key=len, default=None)
        if found is None:
            return 0, None
        self._states.move_to_end(found)
        return len(found), self._states[found]

    def _drop(self, key: tuple[int, ...]) -> None:
        state = self._states.pop(key, None)
        if state is not None:
            self.bytes -= _size(key, state)


def _size(key: tuple[int, ...], state: State) -> int:
    return 8 * len(key) + sum(value.nbytes for value in state.values.values())

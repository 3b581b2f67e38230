"""Memories that LOAD writes: words as they come over the link."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.machine.machine import Machine
from sterna.machine.protocol import word_depth
from sterna.machine.words import Words, unpack_fields, word_bytes


class LoadedMemory:
    """The memory of a space, as bytes; what nobody has written is not zero."""

    def __init__(self, machine: Machine, space: str) -> None:
        self._depth = word_depth(machine, space)
        self._size = word_bytes(machine, space)
        self._words = np.full((0, self._size), 0xA5, np.uint8)

    def write(self, first: int, data: bytes) -> bool:
        """Write whole words from a word on; False when there are no such words, or half ones."""
        count, rest = divmod(len(data), self._size)
        if rest or first + count > self._depth:
            return False
        if first + count > len(self._words):
            more = max(first + count, min(self._depth, 2 * len(self._words))) - len(self._words)
            self._words = np.pad(self._words, ((0, more), (0, 0)), constant_values=0xA5)
        self._words[first:first + count] = np.frombuffer(data, np.uint8).reshape(count, self._size)
        return True

    def words(self, count: int) -> Words:
        """The first words, uint8 [count, bytes]."""
        missing = max(0, count - len(self._words))
        return np.pad(self._words, ((0, missing), (0, 0)), constant_values=0xA5)[:count]

    def fields(self, end: int, fields: int, bits: int, first: int = 0, bit: int = 0
               ) -> NDArray[np.int64]:
        """So many signed fields from a bit on, of the words ``first .. end - 1``: [words, fields].
        """
        return unpack_fields(self.words(end)[first:], fields, bits, bit)

    def unsigned(self, end: int, fields: int, bits: int, first: int = 0, bit: int = 0
                 ) -> NDArray[np.int64]:
        """The same for fields without a sign."""
        return self.fields(end, fields, bits, first, bit) & (1 << bits) - 1

    @property
    def used(self) -> int:
        """Words from the first to behind the last that was written."""
        return len(self._words)

    def number(self, word: int) -> int:
        """A word as an integer."""
        return int.from_bytes(bytes(self.words(word + 1)[word]), "little")

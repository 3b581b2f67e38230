"""Tables of FlatBuffers, of which no offset is believed."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct, error
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WORD, _OFFSET = Struct("<I"), Struct("<H")
BROKEN = (error, IndexError, ValueError)
"""What reading raises of a buffer that is not whole."""


@dataclass(frozen=True)
class Table:
    """A table at a place of a buffer; `slot` numbers its fields in the order of the schema."""

    data: bytes | memoryview
    place: int

    @staticmethod
    def root(data: bytes | memoryview, name: bytes | None = None) -> Table:
        """That which a buffer begins with, of a file identifier if there must be one."""
        if name is not None and bytes(data[4:8]) != name:
            raise ValueError(f"{bytes(data[4:8])!r} in place of {name!r}")
        return Table(data, _WORD.unpack_from(data)[0])

    def _at(self, slot: int) -> int | None:
        fields = self.place - Struct("<i").unpack_from(self.data, self.place)[0]
        if not 0 <= fields < len(self.data):
            raise ValueError("a table beyond the end")
        if 4 + 2 * slot >= _OFFSET.unpack_from(self.data, fields)[0]:
            return None
        offset = _OFFSET.unpack_from(self.data, fields + 4 + 2 * slot)[0]
        return self.place + offset if offset else None

    def number(self, slot: int, form: str, usual: int) -> int:
        """A number in a form of `struct`; the usual one where the field was left out."""
        place = self._at(slot)
        return usual if place is None else Struct(form).unpack_from(self.data, place)[0]

    def text(self, slot: int) -> str:
        """A string, empty where the field was left out."""
        return bytes(self.array(slot, np.dtype(np.uint8))).decode()

    def array(self, slot: int, kind: np.dtype[Any]) -> NDArray[Any]:
        """A vector of numbers or structures."""
        place = self._at(slot)
        if place is None:
            return np.zeros(0, kind)
        place += _WORD.unpack_from(self.data, place)[0]
        count = _WORD.unpack_from(self.data, place)[0]
        return np.frombuffer(self.data, kind, count, place + 4)

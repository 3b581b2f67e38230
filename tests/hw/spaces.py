"""Numbers of the memories of a token machine, as writes and LOAD frames name them."""

from __future__ import annotations

from enum import IntEnum

from sterna.machine.presets import PRESETS
from sterna.machine.protocol import Space, space_number


class Number(IntEnum):
    """Derived, as `space_number` derives them."""

    PROGRAM = space_number(PRESETS["tiny"], Space.PROGRAM)
    WEIGHTS = space_number(PRESETS["tiny"], Space.WEIGHTS)
    CONSTANTS = space_number(PRESETS["tiny"], Space.CONSTANTS)
    TABLES = space_number(PRESETS["tiny"], Space.TABLES)
    INPUT = space_number(PRESETS["tiny"], Space.INPUT)

    @property
    def space(self) -> Space:
        """Its name."""
        return Space[self.name]

"""The shared library of a simulated serial board, called from Python (see serial_harness.cpp)."""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_uint32, c_uint64, c_void_p
from enum import IntEnum
from pathlib import Path

from sterna_sim.loaded_library import LoadedLibrary, Signatures


class Fault(IntEnum):
    """What can happen to one byte on the line."""

    FRAMING = 1
    """Its stop bit is low."""
    GLITCH = 2
    """The line is low for 0.3 bits before it."""
    LOST = 3
    """It is not sent."""
    FLIPPED = 4
    """One data bit is inverted."""
    BREAK = 5
    """The line is low for 25 bits before it."""


class SerialLibrary(LoadedLibrary):
    """One instance of the simulated hardware with a host's UART at its pins.

    `bit` is the host's length of a bit in clocks of the board. Raises `InputError` when the library
    cannot be loaded.
    """

    def __init__(self, path: Path, bit: float) -> None:
        super().__init__(path, _signatures, bit)

    def fault(self, fault: Fault, after: int, to_board: bool = True) -> None:
        """Let a fault meet the byte that comes when `after` more have passed.

        Raises ValueError for a glitch or a break on the line to the host.
        """
        if not to_board and fault in (Fault.GLITCH, Fault.BREAK):
            raise ValueError(f"{fault.name} is modelled on the line to the board only")
        self._library.sterna_fault(self._board, to_board, after, fault)

    def reset(self, after: int, clocks: int) -> None:
        """Hold the reset for so many clocks, from so many clocks on; memories keep their words."""
        self._library.sterna_reset(self._board, after, clocks)


def _signatures(library: ctypes.CDLL) -> Signatures:
    return {
        "create": (c_void_p, [c_double]),
        "fault": (None, [c_void_p, c_uint32, c_uint64, c_uint32]),
        "reset": (None, [c_void_p, c_uint64, c_uint64]),
    }

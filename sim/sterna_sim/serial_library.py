"""The shared library of a simulated serial board, called from Python (see serial_harness.cpp)."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_double, c_uint8, c_uint32, c_uint64, c_void_p
from enum import IntEnum
from pathlib import Path

from sterna.errors import InputError


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


class SerialLibrary:
    """One instance of the simulated hardware with a host's UART at its pins.

    `bit` is the host's length of a bit in clocks of the board. Calls release Python's lock while
    they run. Raises `InputError` when the library cannot be loaded.
    """

    def __init__(self, path: Path, bit: float) -> None:
        try:
            self._library = _declare(ctypes.CDLL(str(path)))
        except (OSError, AttributeError) as error:
            raise InputError(
                f"{path}: cannot be loaded ({error}); remove its folder to build it again"
            ) from None
        self._board = c_void_p(self._library.sterna_create(bit))

    def close(self) -> None:
        """Free the instance; safe to call twice."""
        if self._board is not None:
            self._library.sterna_destroy(self._board)
            self._board = None

    def push(self, data: bytes) -> None:
        """Queue bytes for the line to the board."""
        self._library.sterna_push(self._board, data, len(data))

    def pop(self, most: int) -> bytes:
        """Take at most so many of the bytes that arrived at the host."""
        buffer = (c_uint8 * most)()
        return bytes(buffer[: self._library.sterna_pop(self._board, buffer, most)])

    def run(self, limit: int, wanted: int) -> int:
        """Clock until `wanted` bytes have arrived, at most `limit` cycles; returns the cycles."""
        return self._library.sterna_run(self._board, limit, wanted)

    def fault(self, fault: Fault, after: int, to_board: bool = True) -> None:
        """Let a fault meet the byte that comes when `after` more have passed.

        Raises ValueError for a glitch or a break on the line to the host.
        """
        if not to_board and fault in (Fault.GLITCH, Fault.BREAK):
            raise ValueError(f"{fault.name} is modelled on the line to the board only")
        self._library.sterna_fault(self._board, to_board, after, fault)

    @property
    def cycles(self) -> int:
        """Clock cycles since the reset."""
        return self._library.sterna_cycles(self._board)


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """Give every function its types, so that pointers are not cut to 32 bits."""
    signatures = {
        "create": (c_void_p, [c_double]),
        "destroy": (None, [c_void_p]),
        "push": (None, [c_void_p, c_char_p, c_uint64]),
        "pop": (c_uint64, [c_void_p, POINTER(c_uint8), c_uint64]),
        "run": (c_uint64, [c_void_p, c_uint64, c_uint64]),
        "cycles": (c_uint64, [c_void_p]),
        "fault": (None, [c_void_p, c_uint32, c_uint64, c_uint32]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, f"sterna_{name}")
        function.restype = result
        function.argtypes = arguments
    return library

"""What the shared libraries of all simulated boards have in common, called from Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from ctypes import POINTER, c_char_p, c_uint8, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from sterna.errors import InputError

Signatures = Mapping[str, tuple[Any, Sequence[Any]]]
"""Result and arguments of functions, by their names without ``sterna_``."""

_COMMON: Signatures = {
    "destroy": (None, [c_void_p]),
    "push": (None, [c_void_p, c_char_p, c_uint64]),
    "pop": (c_uint64, [c_void_p, POINTER(c_uint8), c_uint64]),
    "run": (c_uint64, [c_void_p, c_uint64, c_uint64]),
    "cycles": (c_uint64, [c_void_p]),
}


class LoadedLibrary:
    """One instance of simulated hardware that bytes are exchanged with.

    Calls release Python's lock while they run.

    Args:
        path: the shared library.
        signatures: tells of a loaded library which functions it has beside the common ones.
        arguments: of its ``sterna_create``.

    Raises:
        InputError: the library cannot be loaded or lacks a function.
    """

    def __init__(self, path: Path, signatures: Callable[[ctypes.CDLL], Signatures],
                 *arguments: float) -> None:
        try:
            self._library = ctypes.CDLL(str(path))
            # With its types, so that pointers are not cut to 32 bits.
            for name, (result, types) in {**_COMMON, **signatures(self._library)}.items():
                function = getattr(self._library, f"sterna_{name}")
                function.restype, function.argtypes = result, types
        except (OSError, AttributeError) as error:
            raise InputError(
                f"{path}: cannot be loaded ({error}); remove its folder to build it again"
            ) from None
        self._board = c_void_p(self._library.sterna_create(*arguments))

    def close(self) -> None:
        """Free the instance; safe to call twice."""
        if self._board is not None:
            self._library.sterna_destroy(self._board)
            self._board = None

    def push(self, data: bytes) -> None:
        """Queue bytes for the hardware."""
        self._library.sterna_push(self._board, data, len(data))

    def pop(self, most: int) -> bytes:
        """Take at most so many of the bytes that came from the hardware."""
        buffer = (c_uint8 * most)()
        return bytes(buffer[: self._library.sterna_pop(self._board, buffer, most)])

    def run(self, limit: int, wanted: int) -> int:
        """Clock until `wanted` bytes can be popped, at most `limit` cycles; returns the cycles."""
        return self._library.sterna_run(self._board, limit, wanted)

    @property
    def cycles(self) -> int:
        """Clock cycles since the reset."""
        return self._library.sterna_cycles(self._board)

"""The simulator's shared library, called from Python (see harness.cpp)."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_char_p, c_int, c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna_sim.loaded_library import LoadedLibrary, Signatures


class SimulatorLibrary(LoadedLibrary):
    """One instance of the simulated hardware.

    `stall_permille` makes the link's other end pause at random, in so many of a thousand cycles,
    equal for equal seeds. Raises `InputError` when the library cannot be loaded.
    """

    def __init__(self, path: Path, seed: int = 0, stall_permille: int = 0) -> None:
        super().__init__(path, _signatures, seed, stall_permille)

    def available(self) -> int:
        """Bytes that wait to be popped."""
        return self._library.sterna_available(self._board)

    def reset(self, clocks: int, controllers: bool) -> None:
        """Hold `rst` for so many clocks; bytes on their way in the link are lost.

        Memories outside go on, unless the `controllers` behind AXI ports are reset too.
        """
        self._library.sterna_reset(self._board, clocks, controllers)

    def write_chip(self, path: str, first: int, words: NDArray[np.uint8]) -> bool:
        """Put words, uint8 [words, bytes] in LOAD form, into a memory without passing the hardware.

        `path` is that of a `LoadableMemory` below the top level. Returns whether that can be done:
        memories that are small or have contents are not modules of their own.
        """
        contiguous = np.ascontiguousarray(words)
        pointer = contiguous.ctypes.data_as(POINTER(c_uint8))
        return bool(self._library.sterna_chip_write(
            self._board, path.encode(), first, pointer, *contiguous.shape))

    def create_memory(self, size: int, timing: Sequence[int], most: int, seed: int) -> None:
        """A memory of zeros behind the AXI ports; see `sterna_sim.memory.timing`.

        `most` beats of a port may be asked for and not delivered.
        """
        values = (c_uint32 * len(timing))(*timing)
        self._library.sterna_memory_create(self._board, size, values, most, seed)

    def create_sdram(self, sheet: Sequence[int], seed: int) -> None:
        """An SDRAM at the pins; see `sterna_sim.memory.sdram.SdramChip.values`."""
        values = (c_uint64 * len(sheet))(*sheet)
        self._library.sterna_sdram_create(self._board, values, seed)

    def use_line(self) -> None:
        """Let bytes go over the line from now on; only in a library with one."""
        self._library.sterna_line(self._board)

    @property
    def violation(self) -> str:
        """The first thing done that a memory outside forbids, empty while there is none."""
        return self._library.sterna_violation(self._board).decode()

    def write_memory(self, first: int, data: NDArray[np.uint8]) -> None:
        """Put bytes into the memory outside without passing the hardware."""
        contiguous = np.ascontiguousarray(data)
        pointer = contiguous.ctypes.data_as(POINTER(c_uint8))
        self._library.sterna_memory_write(self._board, first, pointer, contiguous.size)

    def answer_with_error(self, port: int, write: bool, after: int, response: int) -> None:
        """Answer one beat of an AXI port with RRESP or BRESP, the next one after so many others."""
        self._library.sterna_memory_fault(self._board, port, int(write), after, response)

    def end_burst_early(self, port: int, after: int) -> None:
        """Give RLAST too early, in the next beat of an AXI port after so many others."""
        self._library.sterna_memory_early_last(self._board, port, after)

    @property
    def memory_beats(self) -> int:
        """Beats that the memory outside has delivered."""
        return self._library.sterna_memory_beats(self._board)

    def trace(self, port: int) -> NDArray[np.uint32]:
        """Everything captured at a trace port: port values in words of 32 bits, low word first."""
        size = self._library.sterna_trace_size(self._board, port)
        if size == 0:
            return np.zeros(0, np.uint32)
        data = self._library.sterna_trace_data(self._board, port)
        return np.ctypeslib.as_array(data, (size,)).copy()

    def trace_clocks(self, port: int) -> NDArray[np.uint64]:
        """The clock of every value that `trace` gives; only in a library that writes waves."""
        size = self._library.sterna_trace_entries(self._board, port)
        if size == 0:
            return np.zeros(0, np.uint64)
        data = self._library.sterna_trace_clocks(self._board, port)
        return np.ctypeslib.as_array(data, (size,)).copy()

    def record(self, path: Path, first: int, last: int) -> bool:
        """Write the waves of so many clocks, from first to before last, as they come.

        Ten nanoseconds a clock. Only in a library for waves, and once. Returns whether the file
        can be written.
        """
        return bool(self._library.sterna_waves_record(self._board, str(path).encode(), first, last))

    def clear_traces(self) -> None:
        """Empty the trace buffers."""
        self._library.sterna_trace_clear(self._board)


def _signatures(library: ctypes.CDLL) -> Signatures:
    signatures: dict[str, Any] = {
        "create": (c_void_p, [c_uint64, c_uint32]),
        "reset": (None, [c_void_p, c_uint64, c_int]),
        "violation": (c_char_p, [c_void_p]),
        "available": (c_uint64, [c_void_p]),
        "chip_write": (c_int, [c_void_p, c_char_p, c_uint64, POINTER(c_uint8), c_uint64,
                               c_uint32]),
        "trace_size": (c_uint64, [c_void_p, c_uint32]),
        "trace_data": (POINTER(c_uint32), [c_void_p, c_uint32]),
        "trace_clear": (None, [c_void_p]),
    }
    if hasattr(library, "sterna_waves_record"):
        signatures |= {
            "waves_record": (c_int, [c_void_p, c_char_p, c_uint64, c_uint64]),
            "trace_clocks": (POINTER(c_uint64), [c_void_p, c_uint32]),
            "trace_entries": (c_uint64, [c_void_p, c_uint32]),
        }
    if hasattr(library, "sterna_line"):
        signatures["line"] = None, [c_void_p]
    if hasattr(library, "sterna_memory_create"):
        signatures |= {
            "memory_create": (None, [c_void_p, c_uint64, POINTER(c_uint32), c_uint64, c_uint64]),
            "memory_fault": (None, [c_void_p, c_uint32, c_int, c_uint64, c_uint8]),
            "memory_early_last": (None, [c_void_p, c_uint32, c_uint64]),
        }
    if hasattr(library, "sterna_sdram_create"):
        signatures["sdram_create"] = None, [c_void_p, POINTER(c_uint64), c_uint64]
    if hasattr(library, "sterna_memory_write"):
        signatures |= {
            "memory_write": (None, [c_void_p, c_uint64, POINTER(c_uint8), c_uint64]),
            "memory_beats": (c_uint64, [c_void_p]),
        }
    return signatures

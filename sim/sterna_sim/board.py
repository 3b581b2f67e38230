"""A board that exists only as a simulation: the generated Verilog behind a byte stream."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sterna.errors import CheckError, InputError, LinkError
from sterna.machine.image import Loader
from sterna.machine.machine import Machine
from sterna.machine.memory import constant_base, outside_words
from sterna.machine.protocol import Space, word_chunks
from sterna.machine.row_memory import held_bytes, row_base, row_beats
from sterna.machine.traces import trace_ports
from sterna.progress import Progress

from sterna_sim.build import build_simulator
from sterna_sim.library import SimulatorLibrary
from sterna_sim.memory.sdram import SdramChip
from sterna_sim.memory.timing import MemoryTiming
from sterna_sim.wave_files import Recorder

MemoryBehaviour = MemoryTiming | SdramChip
"""How the memory outside behaves: behind AXI ports, or an SDRAM."""
CYCLES_PER_SECOND = 1_000_000
"""Clock cycles that a time-out of one second allows."""
CHIP_MEMORIES = {Space.WEIGHTS: "weights.memory", Space.CONSTANTS: "constants.memory"}
"""Memories that may be too large to be loaded over the link, below the top level."""
RESIDENT = "mixed.chip.memory"
"""Weights that stay on the chip while others are outside."""
SLAVE_ERROR, DECODE_ERROR = 2, 3
"""RRESP and BRESP of AXI4 that tell of an error."""
SLICE_SECONDS = 0.1
"""How long the simulation may run before Python can see an interrupt."""


class SimulatedBoard:
    """The transport to a simulated accelerator; time passes only while `read` waits.

    A machine with `trace` has trace ports, see `collect_words`. `library` is a simulator
    already built. `stall_permille` and `seed` make the host's end of the link pause at random.
    What comes from AXI ports lies in a memory that behaves as `memory` says; what comes from an
    SDRAM in the part of the machine or another. A violation of its data sheet, or of AXI4, is a
    `CheckError`.
    With `waves` it can write such files. A serial `line` of so many clocks a bit is used from
    `use_line` on, every bit of it simulated. Raises `InputError` when the simulator cannot be
    built.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        library: Path | None = None,
        progress: Progress | None = None,
        stall_permille: int = 0,
        seed: int = 0,
        memory: MemoryBehaviour | None = None,
        waves: Recorder | None = None,
        line: Fraction | int | None = None,
    ) -> None:
        self.machine = machine
        self._waves = waves
        path = library or build_simulator(machine, progress, waves, line)
        self._library: SimulatorLibrary | None = SimulatorLibrary(path, seed, stall_permille)
        self.trace_clocks: list[NDArray[np.uint64]] = []
        """The clocks of what `collect_words` gave last, where there are waves."""
        self._slice = 1000
        self._part = machine.driven
        if machine.reads_outside:
            self._create_memory(self._library, machine, memory, seed)

    def _create_memory(self, library: SimulatorLibrary, machine: Machine,
                       memory: MemoryBehaviour | None, seed: int) -> None:
        expected = SdramChip if self._part else MemoryTiming
        if memory is not None and not isinstance(memory, expected):
            there = machine.memory if machine.memory.outside else machine.row_memory
            raise ValueError(f"{memory} is not how a memory like {there} behaves")
        if self._part:
            chip = memory or SdramChip(self._part, machine.sdram.hz)
            library.create_sdram(chip.values(), seed)
        else:
            most = machine.outside.prefetch
            if machine.memory.holds_constants:
                most += 2 * machine.outside.burst
            if machine.row_memory.outside:
                most += machine.streams * max(
                    2 * machine.outside.burst, row_beats(machine) // machine.outside.ports)
            library.create_memory(
                held_bytes(machine), (memory or MemoryTiming()).values(), most, seed)

    def write(self, data: bytes) -> None:
        """Queue bytes; the hardware takes them at its own pace."""
        self._open().push(data)

    def read(self, count: int, timeout: float) -> bytes:
        """Clock the hardware until it has sent `count` bytes.

        Fewer bytes mean that none came for `timeout * CYCLES_PER_SECOND` cycles.
        """
        library = self._open()
        left = patience = max(1, int(timeout * CYCLES_PER_SECOND))
        there = library.available()
        while left > 0 and there < count:
            start = time.monotonic()
            left -= library.run(min(left, self._slice), count)
            if library.violation:
                memory = "SDRAM" if self._part else "AXI4"
                raise CheckError(f"{memory}: {library.violation}")
            before, there = there, library.available()
            if there > before:
                left = patience
            if time.monotonic() - start < SLICE_SECONDS / 2:
                self._slice *= 2
        return library.pop(count)

    def reset(self, clocks: int = 2, *, controllers: bool = False) -> None:
        """Pulse the reset input; bytes on their way in the link are lost.

        Memories outside go on, unless the `controllers` behind AXI ports are reset too.
        """
        self._open().reset(clocks, controllers)

    def use_line(self) -> None:
        """Let bytes go over the `line` from now on; none may be under way."""
        self._open().use_line()

    def loaders(self) -> dict[str, Loader]:
        """What puts words, uint8 [words, bytes] in LOAD form, straight into large memories.

        These are weights and rows outside, and memories on the chip from `MODULE_DEPTH` words on.
        """
        machine, library = self.machine, self._open()
        found: dict[str, Loader] = {}
        known = {item.name for item in machine.memories}
        for space, path in CHIP_MEMORIES.items():
            if space not in known:
                continue
            # Nothing is written: this asks whether the memory can be reached.
            chunks = word_chunks(machine, space)
            if library.write_chip(path, 0, np.zeros((0, 4 * chunks), np.uint8)):
                found[space] = partial(self._load_chip, path)
        if machine.memory.outside:
            found[Space.WEIGHTS] = self._load_mixed
            chunks = word_chunks(machine, Space.WEIGHTS)
            if machine.memory.resident and not library.write_chip(
                    RESIDENT, 0, np.zeros((0, 4 * chunks), np.uint8)):
                del found[Space.WEIGHTS]
        if machine.memory.holds_constants:
            found[Space.CONSTANTS] = partial(
                self._load_outside, constant_base(machine), machine.vector.constant_bytes)
        if machine.row_memory.outside:
            found[Space.INPUT] = partial(
                self._load_outside, row_base(machine), machine.vector.constant_bytes)
        return found

    def _load_chip(self, path: str, words: Iterable[NDArray[np.uint8]]) -> None:
        library, first = self._open(), 0
        for piece in words:
            library.write_chip(path, first, piece)
            first += len(piece)

    def _load_mixed(self, words: Iterable[NDArray[np.uint8]]) -> None:
        machine, library, first = self.machine, self._open(), 0
        size, outside = machine.weight_bytes, outside_words(machine)
        for piece in words:
            cut = max(0, min(len(piece), outside - first))
            library.write_memory(first * size, piece[:cut, :size])
            if cut < len(piece):
                library.write_chip(RESIDENT, first + cut - outside, piece[cut:])
            first += len(piece)
        self._power_up()

    def _power_up(self) -> None:
        """Words over the link would have come after the part's power up and initialisation."""
        if self._part:
            clocks = self._part.clocks(self.machine.sdram.hz)
            self._open().run(clocks.power_up + 16 * clocks.t_rfc, sys.maxsize)

    def _load_outside(self, first: int, size: int, words: Iterable[NDArray[np.uint8]]) -> None:
        library = self._open()
        for piece in words:
            dense = piece[:, :size]
            library.write_memory(first, dense)
            first += dense.size
        self._power_up()

    def answer_with_error(self, port: int, *, write: bool = False, after: int = 0,
                          response: int = DECODE_ERROR) -> None:
        """Let the memory behind an AXI port answer one beat with an error, after so many others."""
        self._has_ports()
        self._open().answer_with_error(port, write, after, response)

    def end_burst_early(self, port: int, after: int = 0) -> None:
        """Let the memory behind an AXI port give RLAST too early, after so many other beats."""
        self._has_ports()
        self._open().end_burst_early(port, after)

    def _has_ports(self) -> None:
        if not self.machine.memory.axi_ports:
            raise ValueError("this machine has no memory behind AXI ports")

    @property
    def memory_bytes(self) -> int:
        """Bytes that the memory outside has delivered."""
        if not self.machine.reads_outside:
            raise ValueError("this machine has no memory outside")
        bits = self._part.bits if self._part else self.machine.outside.bits
        return self._open().memory_beats * bits // 8

    def collect_words(self) -> list[NDArray[np.uint32]]:
        """What each of the `trace_ports` showed since the last call, as `SimulatorLibrary.trace`.

        Raises ValueError for a machine without trace ports.
        """
        if not self.machine.trace:
            raise ValueError("the machine has no trace ports")
        library = self._open()
        ports = range(len(trace_ports(self.machine)))
        words = [library.trace(port) for port in ports]
        if self._waves is not None:
            self.trace_clocks = [library.trace_clocks(port) for port in ports]
        library.clear_traces()
        return words

    def record(self, path: Path, first: int, last: int) -> None:
        """Write the waves of the clocks from first to before last, which are to come.

        Raises `InputError` when the file cannot be written.
        """
        if not self._open().record(path, first, last):
            raise InputError(f"{path}: cannot be written")

    @property
    def cycles(self) -> int:
        """Clock cycles since the reset."""
        return self._open().cycles

    def close(self) -> None:
        """Free the simulation; safe to call twice."""
        if self._library is not None:
            self._library.close()
            self._library = None

    def _open(self) -> SimulatorLibrary:
        if self._library is None:
            raise LinkError("the simulated board is closed")
        return self._library

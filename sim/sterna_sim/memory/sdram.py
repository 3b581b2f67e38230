"""An SDR SDRAM that checks its data sheet, in the simulator and in Amaranth's."""

from __future__ import annotations

import ctypes
import subprocess
from ctypes import c_char_p, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from sterna.cache import cached_folder, digest
from sterna.errors import CheckError, InputError
from sterna.machine.sdram import INITIAL_REFRESHES, MODE_CLOCKS, SdramPart

from sterna_sim.memory.sdram_sheets import strictest
from sterna_sim.toolchain import find_toolchain

SOURCE, HEADER = "sdram_library.cpp", "sdram_memory.h"
_LIBRARY = "sdram.so"


@dataclass(frozen=True)
class SdramChip:
    """A part at a clock; the model checks times against the period, not counts of clocks.

    The times are those of the part, and of the data sheets in `sterna_sim.memory.sdram_sheets`.
    """

    part: SdramPart
    clock_hz: float

    def values(self) -> tuple[int, ...]:
        """The fields of SdramSheet in sim/sterna_sim/sdram_memory.h, times in picoseconds."""
        part = strictest(self.part)
        times = (1e9 / self.clock_hz, part.least_period)
        return (
            part.bits, part.bank_bits, part.row_bits, part.column_bits,
            *(round(1e3 * time) for time in times), part.cas_latency,
            *(round(1e3 * time) for time in (
                part.t_rcd, part.t_rp, part.t_ras, part.t_ras_most, part.t_rc, part.t_rrd,
                part.t_rfc, part.t_wr)),
            MODE_CLOCKS, part.refreshes, round(1e3 * part.retention), round(1e3 * part.power_up),
            INITIAL_REFRESHES,
        )


def raise_fault(fault: bytes) -> None:
    """Raise `CheckError` that names the violated parameter, if there is one."""
    if fault:
        raise CheckError(f"SDRAM: {fault.decode()}")


class SdramModel:
    """The C++ model, for a simulation in Amaranth: add it as a background testbench.

    The first violation of the data sheet is a `CheckError` in the clock after. Raises `InputError`
    when there is no C++ compiler.

    Args:
        pins: object with the signals ``sdram_ras_n``, … of
            `sterna_hw.memory.sdram_source.sdram_members`.
        chip: the part and its clock. seed: of everything that a real part leaves open.
    """

    def __init__(self, pins: Any, chip: SdramChip, seed: int = 0) -> None:
        self._pins, self._bytes = pins, chip.part.bytes
        self._library = _load()
        values = chip.values()
        self._sdram = c_void_p(self._library.sterna_sdram_create(
            (c_uint64 * len(values))(*values), seed))

    def __del__(self) -> None:
        if hasattr(self, "_sdram"):
            self._library.sterna_sdram_destroy(self._sdram)

    def write(self, data: bytes, first: int = 0) -> None:
        """Put bytes into the part without passing its pins."""
        if first + len(data) > self._bytes:
            raise ValueError(f"{first + len(data)} bytes do not fit {self._bytes}")
        self._library.sterna_sdram_write(self._sdram, first, data, len(data))

    def read(self, count: int) -> bytes:
        """Its first bytes."""
        buffer = ctypes.create_string_buffer(count)
        self._library.sterna_sdram_read(self._sdram, 0, buffer, count)
        return buffer.raw

    @property
    def refreshes(self) -> int:
        """Refreshes since the mode was set."""
        return self._library.sterna_sdram_refreshes(self._sdram)

    @property
    def beats(self) -> int:
        """Beats that it delivered, wanted or not."""
        return self._library.sterna_sdram_beats(self._sdram)

    async def __call__(self, ctx: Any) -> None:
        library, sdram, pins = self._library, self._sdram, self._pins
        while True:
            ctx.set(pins.sdram_dq_i, library.sterna_sdram_data(sdram))
            sample = await ctx.tick().sample(
                pins.sdram_ras_n, pins.sdram_cas_n, pins.sdram_we_n, pins.sdram_dq_oe,
                pins.sdram_ba, pins.sdram_a, pins.sdram_dq_o)
            ras_n, cas_n, we_n, drive, bank, address, data = sample[2:]
            controls = ras_n | cas_n << 1 | we_n << 2 | drive << 3
            library.sterna_sdram_clock(sdram, controls, bank, address, data)
            raise_fault(library.sterna_sdram_fault(sdram))


def _load() -> ctypes.CDLL:
    toolchain = find_toolchain()
    package = resources.files("sterna_sim")
    texts = {name: package.joinpath(name).read_text() for name in (SOURCE, HEADER)}

    def make(folder: Path) -> None:
        for name, text in texts.items():
            (folder / name).write_text(text)
        command = [toolchain.compiler, "-std=c++17", "-O2", "-fPIC", "-shared", SOURCE,
                   "-o", _LIBRARY]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if result.returncode:
            raise InputError(f"{toolchain.compiler} failed: {result.stderr.strip()}")

    folder = cached_folder("sdram", digest([toolchain.version, *texts.values()]), make)
    library = ctypes.CDLL(str(folder / _LIBRARY))
    for name, result, arguments in (
        ("create", c_void_p, [ctypes.POINTER(c_uint64), c_uint64]),
        ("destroy", None, [c_void_p]),
        ("write", None, [c_void_p, c_uint64, c_char_p, c_uint64]),
        ("read", None, [c_void_p, c_uint64, c_void_p, c_uint64]),
        ("data", c_uint32, [c_void_p]),
        ("clock", None, [c_void_p, *[c_uint32] * 4]),
        ("fault", c_char_p, [c_void_p]),
        ("refreshes", c_uint64, [c_void_p]),
        ("beats", c_uint64, [c_void_p]),
    ):
        function = getattr(library, f"sterna_sdram_{name}")
        function.restype, function.argtypes = result, arguments
    return library

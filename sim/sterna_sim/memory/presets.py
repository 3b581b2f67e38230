"""Memories of known boards, with an accelerator that is fast enough for each.

A memory is a number of channels behind as many AXI ports. What a reader that never pauses gets is
the smaller of what the ports carry and what the DRAM has left beside refresh.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import token_machine
from sterna.suggest import did_you_mean

from sterna_sim.memory.sdram_presets import SDRAM_MEMORIES, SdramPreset
from sterna_sim.memory.timing import UNIT_RATE, MemoryTiming


@dataclass(frozen=True, kw_only=True)
class MemoryPreset:
    """A memory, and the accelerator's clock and shape for it.

    ``dram_gb_s`` is the data sheet's peak of all channels. In every ``refresh_interval_ns`` nothing
    is delivered for ``refresh_ns``, in all channels at once if they are ports of ``one_dram``. A
    controller holds ``buffer`` beats for its port. ``prefetch`` are beats. ``chip_mbit`` is
    what the block memories of the board's part hold.
    """

    name: str
    ports: int
    bits: int
    clock_hz: float
    dram_gb_s: float
    refresh_ns: float
    refresh_interval_ns: float
    latency_ns: float
    one_dram: bool
    buffer: int
    burst: int
    prefetch: int
    rows: int
    columns: int
    vector_lanes: int
    chip_mbit: float

    @property
    def port_gb_s(self) -> float:
        """What all ports carry with a beat in every clock."""
        return self.ports * self.bits / 8 * self.clock_hz / 1e9

    @property
    def peak_gb_s(self) -> float:
        """The smaller of the two peaks, refresh not considered."""
        return min(self.port_gb_s, self.dram_gb_s)

    @property
    def gb_s(self) -> float:
        """What a reader that never pauses gets in the long run."""
        share = 1 - self.refresh_ns / self.refresh_interval_ns
        if self.buffer > 1:
            return min(self.port_gb_s, self.dram_gb_s * share)
        return self.peak_gb_s * share

    def timing(self) -> MemoryTiming:
        """The same in clocks of the accelerator."""
        interval = round(self.refresh_interval_ns * self.clock_hz / 1e9)
        return MemoryTiming(
            latency=round(self.latency_ns * self.clock_hz / 1e9),
            rate=round(UNIT_RATE * self.dram_gb_s / self.port_gb_s),
            buffer=self.buffer,
            interval=interval,
            refresh=round(self.refresh_ns * self.clock_hz / 1e9),
            stagger=0 if self.one_dram else interval // self.ports,
        )

    def machine(self) -> Machine:
        """The accelerator's shape; depths are to be fitted to a program."""
        base = token_machine()
        return base.having(
            rows=self.rows, columns=self.columns, vector_lanes=self.vector_lanes,
            code_depth=max(base.ternary.code_depth, self.columns), block_groups=16,
            memory=Axi(ports=self.ports, bits=self.bits, burst=self.burst,
                       prefetch=self.prefetch))


MEMORIES = {preset.name: preset for preset in (
    # Alveo U250 and D5005 class: four DDR4-2400 channels of 64 bits, 8 Gb chips (tRFC 350 ns).
    MemoryPreset(
        name="ddr4x4-77", ports=4, bits=512, clock_hz=300e6, dram_gb_s=76.8, refresh_ns=350,
        refresh_interval_ns=7800, latency_ns=150, one_dram=False, buffer=1, burst=64,
        prefetch=1024, rows=32, columns=64, vector_lanes=32, chip_mbit=454,
    ),
    # Kria KV260: one DDR4-2400 of 64 bits behind four ports, which carry less than the DRAM gives;
    # bitnet-kv260 measured 15.9 to 16.0 GB/s there, so its buffers bridge the refresh.
    MemoryPreset(
        name="kv260-16", ports=4, bits=128, clock_hz=250e6, dram_gb_s=19.2, refresh_ns=350,
        refresh_interval_ns=7800, latency_ns=250, one_dram=True, buffer=128, burst=64,
        prefetch=1024, rows=16, columns=32, vector_lanes=16, chip_mbit=23.1,
    ),
    # ECPIX-5, Versa, OrangeCrab, Arty class: DDR3-800 of 16 bits, 2 Gb (tRFC 160 ns).
    MemoryPreset(
        name="ddr3-1.6", ports=1, bits=128, clock_hz=100e6, dram_gb_s=1.6, refresh_ns=160,
        refresh_interval_ns=7800, latency_ns=200, one_dram=True, buffer=1, burst=64,
        prefetch=512, rows=8, columns=16, vector_lanes=8, chip_mbit=3.8,
    ),
    # Alveo U280: HBM2, 32 pseudo-channels as ports of 512 bits. At 300 MHz these carry a third more
    # than the memory gives, so that the engine catches up on what a reduction has kept it waiting;
    # at half the clock of HBM, 225 MHz, they carry just that, and a token takes a fifth longer.
    MemoryPreset(
        name="hbm-460", ports=32, bits=512, clock_hz=300e6, dram_gb_s=460.8, refresh_ns=260,
        refresh_interval_ns=3900, latency_ns=200, one_dram=False, buffer=1, burst=16,
        prefetch=256, rows=64, columns=256, vector_lanes=64, chip_mbit=341,
    ),
)}
"""Memories behind AXI ports by name; peaks and boards as in the anchors of the README."""


def find_memory(name: str) -> MemoryPreset | SdramPreset:
    """The memory of that name. Raises `InputError` when there is none."""
    known = {**MEMORIES, **SDRAM_MEMORIES}
    if name not in known:
        raise InputError(f"memory {name!r}: no such memory; there are {', '.join(known)}"
                         f"{did_you_mean(name, known)}")
    return known[name]


def memory_of(machine: Machine, name: str, clock_hz: float) -> MemoryPreset | SdramPreset | None:
    """The memory outside of a machine at its clock; one behind AXI ports is the named one.

    None for a machine with its weights on the chip.
    """
    if not machine.memory.outside:
        return None
    if machine.memory.driven is None:
        return replace(MEMORIES[name], clock_hz=clock_hz)
    known = next(one for one in SDRAM_MEMORIES.values() if one.part == machine.sdram.part)
    return replace(known, clock_hz=clock_hz)

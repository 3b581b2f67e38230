"""SDR SDRAM of known boards, with an accelerator that is as wide as each can use."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.machine.machine import Machine
from sterna.machine.memory import Sdram
from sterna.machine.presets import token_machine
from sterna.machine.sdram import find_part

from sterna_sim.memory.sdram import SdramChip


@dataclass(frozen=True, kw_only=True)
class SdramPreset:
    """A part, its clock, which is that of the accelerator, and the accelerator's shape.

    Members are those of `sterna_sim.memory.presets.MemoryPreset`; ``part`` is a key of
    `sterna.machine.sdram.PARTS`. ``prefetch`` are beats. ``chip_mbit`` is what
    the board's block memories hold.
    """

    name: str
    part: str
    clock_hz: float
    rows: int
    columns: int
    vector_lanes: int
    prefetch: int
    chip_mbit: float

    @property
    def peak_gb_s(self) -> float:
        """A beat in every clock."""
        return find_part(self.part).bits / 8 * self.clock_hz / 1e9

    @property
    def gb_s(self) -> float:
        """What refreshes leave of it, with a precharge and an activation for eight of them."""
        return self.peak_gb_s * (1 - find_part(self.part).clocks(self.clock_hz).refresh_share)

    def timing(self) -> SdramChip:
        """The part at the clock, as the simulator checks it."""
        return SdramChip(find_part(self.part), self.clock_hz)

    def machine(self) -> Machine:
        """The accelerator's shape; depths are to be fitted to a program."""
        base = token_machine().having(rows=self.rows, columns=self.columns,
                       vector_lanes=self.vector_lanes)
        return base.having(memory=Sdram(
            part=self.part, hz=round(self.clock_hz), prefetch=self.prefetch))


SDRAM_MEMORIES = {preset.name: preset for preset in (
    # A beat has 10 or 20 weights; 64 lanes take more, which makes up for the barriers, and waste
    # only 1.6 % of a word's bytes. The clocks are those of the boards' other builds.
    SdramPreset(name="sdram-ulx3s", part="16m16", clock_hz=75e6, rows=4, columns=16,
                vector_lanes=4, prefetch=1024, chip_mbit=3.8),
    SdramPreset(name="sdram-i9", part="2m32", clock_hz=75e6, rows=4, columns=16,
                vector_lanes=4, prefetch=1024, chip_mbit=2.0),
    SdramPreset(name="sdram-tang20k", part="2m32", clock_hz=54e6, rows=4, columns=16,
                vector_lanes=4, prefetch=512, chip_mbit=0.8),
)}
"""Memories by name."""

"""Memories beside the FPGA that weights can lie in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sterna.errors import InputError
from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.sdram import find_part

from sterna_boards.shape import Shape

Kind = Literal["ps", "ddr4", "hbm"]


@dataclass(frozen=True, kw_only=True)
class BoardSdram:
    """An SDRAM, and the accelerator for weights in it, no wider than the part can use."""

    part: str
    """A key of `sterna.machine.sdram.PARTS`."""
    shape: Shape
    clock_hz: int
    """Clock of accelerator and part unless another is asked for."""
    prefetch: int
    """Beats that are fetched ahead."""

    def configuration(self, clock_hz: float | None = None) -> HardwareConfiguration:
        """The accelerator with its weights here; raises `InputError` for a clock that is none."""
        return self.shape.configuration().with_sdram(
            self.part, clock_hz or self.clock_hz, self.prefetch)

    def check(self, configuration: HardwareConfiguration, clock_hz: float) -> None:
        """Raise `InputError` when the configuration is for another part or clock."""
        if (configuration.sdram, configuration.sdram_hz) != (self.part, round(clock_hz)):
            raise InputError(
                f"the configuration is for SDRAM {configuration.sdram} at "
                f"{configuration.sdram_hz / 1e6:g} MHz, this is {self.part} at "
                f"{round(clock_hz) / 1e6:g} MHz")

    def cycles(self, size: int, clock_hz: float) -> float:
        """Clocks in which so many bytes come, refreshes included."""
        part = find_part(self.part)
        return size / (part.bits / 8) / (1 - part.clocks(clock_hz).refresh_share)


@dataclass(frozen=True, kw_only=True)
class OutsideMemory:
    """A memory that a project's script connects to the accelerator's AXI ports."""

    kind: Kind
    """Processing system of a Zynq UltraScale+, DDR4 controllers of the fabric, or HBM."""
    ports: int
    bits: int
    """Width of a port of the accelerator."""
    burst: int
    prefetch: int
    """Beats."""
    port_bytes: int
    """Size of the region behind each port."""
    gb_s: float
    """What a reader that never pauses gets from all ports."""

    @property
    def shared(self) -> bool:
        """Whether all ports see one address space, in which each has its own region."""
        return self.kind != "ddr4"

    def configuration(self, shape: Shape) -> HardwareConfiguration:
        """The accelerator of a shape with its weights here."""
        return replace(
            shape.configuration(), weight_source="axi", memory_ports=self.ports,
            memory_bits=self.bits, memory_burst=self.burst, memory_prefetch=self.prefetch)

    def cycles(self, size: int, clock_hz: float) -> float:
        """Clocks in which so many bytes come."""
        return size / (self.gb_s * 1e9) * clock_hz

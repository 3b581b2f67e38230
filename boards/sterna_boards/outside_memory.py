"""Memories beside the FPGA that weights and rows can lie in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
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
    first_clocks: ClassVar[int] = 20
    """Clocks until the first beat of a row comes; measured, with nothing else under way."""

    def machine(self, clock_hz: float | None = None) -> Machine:
        """The accelerator with its weights here; raises `InputError` for a clock that is none."""
        return self.shape.machine().having(memory=Sdram(
            part=self.part, hz=round(clock_hz or self.clock_hz), prefetch=self.prefetch))

    def check(self, machine: Machine, clock_hz: float) -> None:
        """Raise `InputError` when the machine is for another part or clock."""
        if (machine.sdram.part, machine.sdram.hz) != (self.part, round(clock_hz)):
            raise InputError(
                f"the machine is for SDRAM {machine.sdram.part} at "
                f"{machine.sdram.hz / 1e6:g} MHz, this is {self.part} at "
                f"{round(clock_hz) / 1e6:g} MHz")

    def cycles(self, size: int, clock_hz: float) -> float:
        """Clocks in which so many bytes come, refreshes included."""
        part = find_part(self.part)
        return size / (part.bits / 8) / (1 - part.clocks(clock_hz).refresh_share)


@dataclass(frozen=True, kw_only=True)
class Network:
    """The way to an accelerator through the processors beside it, which share their memory."""

    registers: int
    """Address of the byte link's registers, as the processors see it."""
    memory: int
    """Address of the memory that is kept from their system for the accelerator."""
    tcp_port: int = 7474
    use: str
    """What to do for it on the board, in sentences."""


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
    model: str
    """Name of the memory that stands for it in simulation (`sterna_sim.memory.presets`)."""

    first_clocks: ClassVar[int] = 60
    """Clocks until the first beat of a row comes, about."""

    @property
    def shared(self) -> bool:
        """Whether all ports see one address space, in which each has its own region."""
        return self.kind != "ddr4"

    def machine(self, shape: Shape) -> Machine:
        """The accelerator of a shape with its weights here."""
        return shape.machine().having(memory=Axi(
            ports=self.ports, bits=self.bits, burst=self.burst, prefetch=self.prefetch))

    def cycles(self, size: int, clock_hz: float) -> float:
        """Clocks in which so many bytes come."""
        return size / (self.gb_s * 1e9) * clock_hz

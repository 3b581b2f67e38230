"""What the generator knows of a board that it writes a vendor's project for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sterna.machine.configuration import HardwareConfiguration

from sterna_boards.board import Target

Flow = Literal["vivado", "quartus"]
Memory = Literal["ps", "ddr4", "hbm"]


@dataclass(frozen=True)
class Pin:
    """A port of the top level and where it is; ``place`` None is for the user to fill in."""

    port: str
    place: str | None
    standard: str


@dataclass(frozen=True, kw_only=True)
class OutsideMemory:
    """A memory that the project's script connects to the accelerator's AXI ports."""

    kind: Memory
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


@dataclass(frozen=True, kw_only=True)
class ExportBoard(Target):
    """A board that `sterna rtl` writes a project for.

    ``family`` is the one of the parts: "xc7", "xcup" (UltraScale+) or "stratix10".
    """

    flow: Flow
    """The tool that makes the bitstream."""
    board_files: str
    """Name of the vendor's board files that the script needs, empty for none."""
    board_files_from: str = "its board store (Tools > Vivado Store)"
    """Where the board files come from, to be read behind "from"."""
    pins: tuple[Pin, ...]
    """Pins of the top level; those of memories come from the board files."""
    outside: OutsideMemory | None
    use: str
    """How the bitstream gets into the board, in a sentence or two."""
    source: str
    """Where pins and parts are published."""

    @property
    def weight_sources(self) -> tuple[str, ...]:
        """On the chip, and the memories that the project connects."""
        return ("chip",) if self.outside is None else ("chip", "axi")

    def memory_cycles(self, bytes_per_token: int, clock_hz: float) -> float:
        """Clocks in which the memory outside delivers a token's weights; none without one."""
        if self.outside is None:
            return 0.0
        return bytes_per_token / (self.outside.gb_s * 1e9) * clock_hz

    def configuration(self) -> HardwareConfiguration:
        """The board's own accelerator, to be fitted to a program; weights where it has memory."""
        outside, own = self.outside, super().configuration()
        if outside is None:
            return own
        return replace(
            own, weight_source="axi", memory_ports=outside.ports,
            memory_bits=outside.bits, memory_burst=outside.burst,
            memory_prefetch=outside.prefetch)


@dataclass(frozen=True)
class FamilyPlatform:
    """Tells the hardware of which family its cells are."""

    family: str

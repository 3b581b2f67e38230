"""What the generator knows of a board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the device has, as nextpnr lets a design use it."""

    luts: int
    """Logic cells: four-input look-up tables with a flip-flop beside each."""
    block_rams: int
    block_ram_bits: int
    """Bits of one block RAM."""
    dsps: int
    """Multipliers of 18 by 18 bits (16 by 16 on iCE40)."""
    single_port_rams: int = 0
    """Single-port RAMs of 256 kbit (iCE40 UltraPlus)."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board that bitstreams can be made for."""

    name: str
    """What the user types."""
    title: str
    device: str
    """Ordering name of the FPGA."""
    family: str
    """A key of `sterna_hw.board.pll.LIMITS`: "ecp5", "ice40", "gw1n" or "gw2a"."""
    pin_hz: int
    """Frequency of the oscillator on the clock pin."""
    clock_hz: int
    """Clock of the accelerator unless another is asked for."""
    baud: int
    """Bit rate of the serial port."""
    link: str
    """What is at the other end of the serial port."""
    capacity: Capacity
    memory: str
    """External memory, in words; the generator does not use it yet."""
    platform: Callable[[], Any]
    """Makes a new Amaranth platform; one serves one build."""
    loader: tuple[str, ...]
    """Arguments of openFPGALoader that say which board and cable."""

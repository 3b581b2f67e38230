"""What the generator knows of a board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sterna.errors import InputError
from sterna.host.run_command import DEFAULT_PORT
from sterna.law.arithmetic import CODE_LIMIT
from sterna.machine.configuration import HardwareConfiguration, Lane
from sterna.machine.encoding import Configuration
from sterna.machine.rate import AnyConfiguration, with_rate
from sterna.machine.sdram import find_part
from sterna.machine.spiking_configuration import SpikingConfiguration

from sterna_boards.bridge import Bridge


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the device has, as nextpnr lets a design use it."""

    luts: int
    """Look-up tables: of four inputs with a flip-flop beside each, of six on Xilinx parts."""
    block_rams: int
    block_ram_bits: int
    """Bits of one block RAM."""
    dsps: int
    """Multipliers of 18 by 18 bits (16 by 16 on iCE40)."""
    single_port_rams: int = 0
    """Single-port RAMs of 256 kbit (iCE40 UltraPlus)."""
    large_rams: int = 0
    """RAMs of 288 kbit (UltraRAM of UltraScale+)."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The accelerator that a board gets unless another is asked for; fields as in the
    `HardwareConfiguration`, whose depths follow from the model."""

    rows: int
    columns: int
    vector_lanes: int
    block_groups: int = 8
    top_k: int = 8
    lane: Lane = "adders"
    vector_interval: int = 1
    compact: bool = False

    def configuration(self) -> HardwareConfiguration:
        """A configuration of this shape, to be fitted to a program."""
        code_depth = -(-HardwareConfiguration.code_depth // self.columns) * self.columns
        return HardwareConfiguration(
            rows=self.rows, columns=self.columns, vector_lanes=self.vector_lanes,
            block_groups=self.block_groups, top_k=self.top_k, lane=self.lane,
            vector_interval=self.vector_interval, compact=self.compact,
            code_depth=code_depth,
            accumulator_bits=(CODE_LIMIT * code_depth).bit_length() + 1)


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


@dataclass(frozen=True, kw_only=True)
class Target:
    """What every board has, whoever makes its bitstreams."""

    name: str
    """What the user types."""
    title: str
    device: str
    """Ordering name of the FPGA."""
    family: str
    """"ecp5", "ice40", "gw1n" or "gw2a"; of vendors' tools "xc7", "xcup" or "stratix10"."""
    pin_hz: int
    """Frequency of the oscillator on the clock pin."""
    clock_hz: int
    """Clock of the ternary accelerator unless another is asked for."""
    baud: int
    """Bit rate of the serial port unless another is asked for."""
    link: str
    """What is at the other end of the serial port."""
    port_name: str = DEFAULT_PORT
    """The serial port on a Linux host that has nothing else plugged in."""
    capacity: Capacity
    shape: Shape
    model: str
    """The shipped model that the board is measured with."""
    memory: str
    """External memory, in words."""
    revisions: str
    """Which revisions of the board the pins are for, in words."""
    notes: tuple[str, ...] = ()
    """What is known of its bridge and its memories, a sentence or two each."""
    network_hz: int | None = None
    """Clock of a spiking network unless another is asked for, where it is not `clock_hz`."""

    def clock_of(self, configuration: Configuration) -> int:
        """Clock of an accelerator unless another is asked for."""
        if self.network_hz and isinstance(configuration, SpikingConfiguration):
            return self.network_hz
        return self.clock_hz

    def configuration(self) -> HardwareConfiguration:
        """The board's own accelerator, to be fitted to a program."""
        return self.shape.configuration()

    def with_rate(self, configuration: AnyConfiguration) -> AnyConfiguration:
        """The configuration, at the board's bit rate if it names none."""
        return with_rate(configuration, self.baud)

    @property
    def weight_sources(self) -> tuple[str, ...]:
        """Where weights can come from, as `HardwareConfiguration.weight_source` names it."""
        return ("chip",)

    def check_weight_source(self, configuration: HardwareConfiguration) -> None:
        """Raise `InputError` when the weights come from a memory that the board does not have."""
        if configuration.weight_source not in self.weight_sources:
            raise InputError(
                f"{self.name}: no memory of this board gives weights through "
                f"{configuration.weight_source!r}; set weight_source to "
                f"{' or '.join(self.weight_sources)}")

    def memory_cycles(self, bytes_per_token: int, clock_hz: float) -> float:
        """Clocks in which the memory outside delivers a token's weights; none without one."""
        del bytes_per_token, clock_hz
        return 0.0

    def answer_pause(self, configuration: Configuration) -> float:
        """Seconds by which the bridge of the serial port makes an answer longer."""
        del configuration
        return 0.0


@dataclass(frozen=True, kw_only=True)
class Board(Target):
    """A board that bitstreams are made for with open tools."""

    platform: Callable[[], Any]
    """Makes a new Amaranth platform; one serves one build."""
    loader: tuple[str, ...]
    """Arguments of openFPGALoader that say which board and cable."""
    flash: str
    """What is overwritten when the bitstream goes into the board's flash."""
    flash_only: bool = False
    """Whether openFPGALoader can load no bitstream that is gone at power off."""
    other_loaders: tuple[tuple[str, ...], ...] = ()
    """Those of revisions with another cable, tried one after the other."""
    loader_hint: str = "is the board plugged in, and may you use its USB device?"
    """What to look at when the loader fails."""
    sdram: BoardSdram | None = None
    """What ``--weights sdram`` builds, where the pins are known."""
    held_high: bool = False
    """Whether the platform has the resource ``held_high``, pins that every design drives high."""
    bridge: Bridge | None = None
    """The bridge of the serial port, where long answers must be paced for it."""

    @property
    def weight_sources(self) -> tuple[str, ...]:
        """Where weights can come from, as `HardwareConfiguration.weight_source` names it."""
        return ("chip",) if self.sdram is None else ("chip", "sdram")

    def sdram_configuration(self, clock_hz: float | None = None) -> HardwareConfiguration:
        """The accelerator with its weights in the SDRAM, at the clock or at that of `sdram`.

        Raises `InputError` when there is no SDRAM, or the clock is none for it.
        """
        sdram = self._sdram()
        return sdram.shape.configuration().with_sdram(
            sdram.part, clock_hz or sdram.clock_hz, sdram.prefetch)

    def check_sdram(self, configuration: HardwareConfiguration, clock_hz: float) -> None:
        """Raise `InputError` when the configuration is for another part or clock."""
        part, clock = self._sdram().part, round(clock_hz)
        if (configuration.sdram, configuration.sdram_hz) != (part, clock):
            raise InputError(
                f"{self.name}: the configuration is for SDRAM {configuration.sdram} at "
                f"{configuration.sdram_hz / 1e6:g} MHz, this is {part} at {clock / 1e6:g} MHz")

    def memory_cycles(self, bytes_per_token: int, clock_hz: float) -> float:
        part = find_part(self._sdram().part)
        return bytes_per_token / (part.bits / 8) / (1 - part.clocks(clock_hz).refresh_share)

    def answer_pause(self, configuration: Configuration) -> float:
        if self.bridge is None:
            return 0.0
        return self.bridge.pause(configuration, configuration.baud or self.baud)

    def _sdram(self) -> BoardSdram:
        if self.sdram is None:
            raise InputError(f"{self.name}: has no SDRAM that weights can lie in")
        return self.sdram

"""What the generator knows of a board."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sterna.errors import InputError
from sterna.host.run_command import DEFAULT_PORT
from sterna.machine.machine import Machine, with_rate
from sterna.machine.row_memory import RowsBesideWeights, RowsInSdram

from sterna_boards.bitstream_tools import OpenTools, Project
from sterna_boards.bridge import FTDI, Bridge, Latency, UsbPort
from sterna_boards.estimate.components import components
from sterna_boards.outside_memory import BoardSdram, Network, OutsideMemory
from sterna_boards.shape import Shape


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
class Board:
    """A board, whoever makes its bitstreams: ``open_tools`` or a ``project``, one of both.

    Raises `InputError` when it has none of them, or both.
    """

    name: str
    """What the user types."""
    title: str
    device: str
    """Ordering name of the FPGA."""
    family: str
    """"ecp5", "ice40", "gw1n" or "gw2a"; in projects "xc7", "xcup" or "stratix10"."""
    pin_hz: int
    """Frequency of the oscillator on the clock pin."""
    clock_hz: int
    """Clock of the ternary accelerator unless another is asked for."""
    network_hz: int | None = None
    """Clock of a spiking network unless another is asked for, where it is not `clock_hz`."""
    baud: int
    """Bit rate of the serial port unless another is asked for."""
    link: str
    """What is at the other end of the serial port."""
    port_name: str = DEFAULT_PORT
    """The serial port on a Linux host that has nothing else plugged in."""
    usb_id: tuple[int, int] | None = None
    """Vendor and product of the serial port on the USB, where it is on the board; others have the
    same bridge."""
    bridge: Bridge | None = None
    """The bridge of the serial port, where long answers must be paced for it."""
    latency: Latency = FTDI
    """Of a round trip through the bridge; a cable of one's own has mostly one of FTDI's."""
    usb: UsbPort | None = None
    """What ``--link usb`` builds."""
    by_usb: bool = False
    """Whether `usb` is the link."""
    capacity: Capacity
    shape: Shape
    """The accelerator's own shape, with the weights on the chip or in ``outside``."""
    model: str
    """The shipped model that the board is measured with."""
    memory: str
    """External memory, in words."""
    text_shape: Shape | None = None
    """The shape of an accelerator that makes texts by itself, which that of a language model does
    where it fits and pays; without one only where it is asked to, in ``shape``."""
    text_hz: int | None = None
    """Clock of what makes texts by itself, where that is another: it has more ways to go."""
    sdram: BoardSdram | None = None
    """What ``--weights sdram`` builds, where the pins are known."""
    outside: OutsideMemory | None = None
    """The memory that weights lie in unless the chip is asked for."""
    network: Network | None = None
    """The way through the processors of the board, where there are some."""
    revisions: str
    """Which revisions of the board the pins are for, in words."""
    notes: tuple[str, ...] = ()
    """What is known of its bridge and its memories, a sentence or two each."""
    open_tools: OpenTools | None = None
    project: Project | None = None

    def __post_init__(self) -> None:
        if (self.open_tools is None) == (self.project is None):
            raise InputError(f"{self.name}: give open_tools or a project, one of both")

    def over_usb(self) -> Board:
        """The board with `usb` as its link. Raises `InputError` where there is none."""
        if self.usb is None:
            raise InputError(f"{self.name}: has no USB at the FPGA's pins; leave --link out")
        return replace(self, link=self.usb.link, latency=self.usb.latency, baud=self.usb.baud,
                       bridge=None, port_name="/dev/ttyACM0", by_usb=True)

    def tools(self) -> OpenTools:
        """Its open tools. Raises `InputError` with the way out where there are none."""
        if self.open_tools is None:
            raise InputError(
                f"{self.name}: its vendor's tool makes the bitstream, from the project that "
                f"`sterna rtl MODEL --board {self.name} -o DIR` writes")
        return self.open_tools

    def exported(self) -> Project:
        """Its project. Raises `InputError` with the way out where open tools make bitstreams."""
        if self.project is None:
            raise InputError(f"{self.name}: open tools make its bitstream; "
                             f"`sterna build MODEL --board {self.name}`")
        return self.project

    def clock_of(self, machine: Machine) -> int:
        """Clock of an accelerator unless another is asked for."""
        clocks = [self.clock_hz]
        if self.network_hz and "neuron" in components(machine):
            clocks.append(self.network_hz)
        if self.text_hz and machine.generates is not None:
            clocks.append(self.text_hz)
        return min(clocks)

    def for_texts(self) -> Board:
        """The board with the shape of what makes texts by itself."""
        return replace(self, shape=self.text_shape or self.shape)

    def machine(self) -> Machine:
        """The board's own accelerator, to be fitted to a program; weights where it has memory."""
        if self.outside is None:
            return self.shape.machine()
        return self.outside.machine(self.shape)

    def sdram_machine(self, clock_hz: float | None = None) -> Machine:
        """The accelerator with its weights in the SDRAM, at the clock or at that of `sdram`.

        Raises `InputError` when there is no SDRAM, or the clock is none for it.
        """
        if self.sdram is None:
            raise InputError(f"{self.name}: has no SDRAM that weights can lie in")
        return self.sdram.machine(clock_hz)

    def with_rows_outside(self, machine: Machine, clock_hz: float | None = None) -> Machine:
        """The machine, its rows beside the weights where these are outside, else in the SDRAM.

        That runs at the clock, or at the board's for the machine. Raises `InputError` when there
        is no memory, or the clock is none for it.
        """
        if machine.memory.outside:
            return machine.having(row_memory=RowsBesideWeights())
        if self.sdram is None:
            raise InputError(f"{self.name}: has no memory outside the chip that rows can lie in")
        return machine.having(row_memory=RowsInSdram(
            part=self.sdram.part, hz=round(clock_hz or self.clock_of(machine))))

    def with_rate(self, machine: Machine) -> Machine:
        """The machine, at the board's bit rate if it names none."""
        return with_rate(machine, self.baud)

    @property
    def memories(self) -> dict[str, BoardSdram | OutsideMemory]:
        """The memories beside the chip, by `Memory.kind`."""
        there = {"sdram": self.sdram, "axi": self.outside}
        return {source: memory for source, memory in there.items() if memory is not None}

    def check_weight_source(self, machine: Machine) -> None:
        """Raise `InputError` when weights or rows come from a memory that the board has not."""
        if machine.row_memory.driven and self.sdram is None:
            raise InputError(f"{self.name}: has no SDRAM that rows can lie in")
        sources = ("chip", *self.memories)
        source = machine.memory.kind
        if source not in sources:
            raise InputError(
                f"{self.name}: no memory of this board gives weights through "
                f"{source!r}; give {' or '.join(sources)}")

    def check_sdram(self, machine: Machine, clock_hz: float) -> None:
        """Raise `InputError` when weights or rows are for an SDRAM of another part or clock."""
        if machine.driven and self.sdram is not None:
            try:
                self.sdram.check(machine, clock_hz)
            except InputError as error:
                raise InputError(f"{self.name}: {error}") from None

    def check_baked(self) -> None:
        """Raise `InputError` when a bitstream cannot hold the weights."""
        if self.capacity.single_port_rams:
            raise InputError(
                f"{self.name}: its single-port RAM starts empty, so weights cannot be baked in; "
                "load them over the link")

    def cycles(self, machine: Machine, cycles: float, size: int,
               clock_hz: float) -> float:
        """Clocks of a RUN of so many, where so many bytes of weights come from outside the chip.

        Nothing is done before a row that is outside has come; those of several token streams come
        one after the other.
        """
        memory = self.memories.get(machine.memory.kind)
        found = cycles if memory is None else max(cycles, memory.cycles(size, clock_hz))
        memory = memory or self.sdram
        if machine.row_memory.outside and memory is not None:
            fetched = machine.value("row_memory_row_groups") * machine.vector.constant_bytes
            found += machine.streams * (memory.first_clocks + memory.cycles(fetched, clock_hz))
        return found

    def answer_pause(self, machine: Machine) -> float:
        """Seconds by which the bridge of the serial port makes an answer longer."""
        if self.bridge is None:
            return 0.0
        return self.bridge.pause(machine, machine.link.baud or self.baud)

"""Top level of a board: clock, reset and UART around a unit that speaks bytes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Module
from amaranth.lib import io, stream
from amaranth.lib.wiring import In, Out

from sterna_hw.board.clock import ClockGenerator
from sterna_hw.board.sdram_pins import SdramPins
from sterna_hw.board.serial import SerialUnit
from sterna_hw.board.usb import UsbPins, UsbUnit
from sterna_hw.component import Component
from sterna_hw.link.bit_timing import DATA_BITS
from sterna_hw.stream import StreamBuffer, connect_streams


class Loopback(Component):
    """Sends every byte back: the first thing to load on a board, to check clock and line.

    One byte a clock, latency 1 clock.

    Members:
        link_in: In, stream of unsigned(8). link_out: Out, stream of unsigned(8).
    """

    def __init__(self) -> None:
        super().__init__({
            "link_in": In(stream.Signature(DATA_BITS)),
            "link_out": Out(stream.Signature(DATA_BITS)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.buffer = buffer = StreamBuffer(DATA_BITS)
        connect_streams(m, self.link_in, buffer.i)
        connect_streams(m, buffer.o, self.link_out)
        return m


class BoardTop(Elaboratable):
    """What becomes a bitstream.

    Takes the resource ``uart`` 0 (``rx``, ``tx``), or that of ``usb``, and the default clock and
    reset of the platform, with an SDRAM also ``sdram`` 0, and with pins to hold high also
    ``held_high`` 0.

    Args:
        core: component with the streams ``link_in`` and ``link_out`` of bytes, such as the
            accelerator or `Loopback`.
        clock: makes the domain ``sync``.
        baud: bits a second on the line, a rate for which `check_divisor` takes the clock.
        sdram: members of the core that are the pins of an SDRAM; its clock is ``memory`` then.
        pace: as in `SerialUnit`.
        held_high: whether the board has pins that must be driven high.
        usb: pins that are the link instead of the line; baud and pace mean nothing then.
    """

    def __init__(self, core: Any, clock: ClockGenerator, baud: int,
                 sdram: Mapping[str, Any] | None = None, pace: tuple[int, int] | None = None,
                 held_high: bool = False, usb: UsbPins | None = None) -> None:
        self._core = core
        self._pace = pace
        self._held_high = held_high
        self._usb = usb
        self._sdram = sdram
        self._clock = clock
        self._divisor = Fraction(round(clock.clock_hz), baud)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = ClockDomain(reset_less=not self._clock.resets)
        m.submodules.clock = self._clock
        unit = self._on_line(m, platform) if self._usb is None else UsbUnit(
            self._core, self._usb.add(m, platform), self._usb.packet, self._sdram)
        m.submodules.serial = unit
        if self._sdram:
            m.domains.memory = ClockDomain(reset_less=True)
            m.submodules.sdram = SdramPins(unit)
        if self._held_high:
            m.submodules.held_high = high = io.Buffer(
                io.Direction.Output, platform.request("held_high", 0, dir="-"))
            m.d.comb += high.o.eq(~0)
        return m

    def _on_line(self, m: Module, platform: Any) -> SerialUnit:
        serial = SerialUnit(self._core, self._divisor, self._sdram, self._pace)
        pins = platform.request("uart", 0, dir="-")
        m.submodules.rx = rx = io.Buffer(io.Direction.Input, pins.rx)
        m.submodules.tx = tx = io.Buffer(io.Direction.Output, pins.tx)
        m.d.comb += [serial.rx.eq(rx.i), tx.o.eq(serial.tx)]
        return serial

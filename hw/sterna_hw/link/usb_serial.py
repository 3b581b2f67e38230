"""A USB serial port (CDC ACM) in gateware: luna's device behind streams of bytes."""

from __future__ import annotations

import importlib
from typing import Any

from amaranth.hdl import DomainRenamer, Module, Signal
from amaranth.lib import stream
from amaranth.lib.fifo import AsyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.link.frames import LAST_BYTE

VENDOR, PRODUCT = 0x1209, 0x0001
"""Of pid.codes, for what is not sold; who makes a product asks for numbers of its own."""
FIFO_BYTES = 16
FLUSH_CLOCKS = 32
"""Clocks of ``usb`` without a byte after which a packet that is not full is sent."""


def _device(pins: Any, packet: int) -> Any:
    return importlib.import_module("luna.gateware.usb.devices.acm").USBSerialDevice(
        bus=pins, idVendor=VENDOR, idProduct=PRODUCT, manufacturer_string="Sterna",
        product_string="Sterna", max_packet_size=packet)


class LastByte(Component):
    """Holds each byte back until another comes, or none for so long, which makes it the last.

    Latency: up to ``patience`` + 2 clocks for the last byte. One byte a clock.

    Members:
        i: In, stream of unsigned(8). o: Out, stream of LAST_BYTE.

    Args:
        patience: clocks without another byte, at least 1.
    """

    def __init__(self, patience: int = FLUSH_CLOCKS) -> None:
        self._patience = patience
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(LAST_BYTE))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        held = Signal()
        last = Signal()
        waited = Signal(range(self._patience + 1))
        passes = Signal()
        m.d.comb += [
            self.o.valid.eq(held & (last | self.i.valid)),
            self.o.payload.last.eq(last),
            passes.eq(self.o.valid & self.o.ready),
            self.i.ready.eq(~held | passes),
        ]
        with m.If(passes):
            m.d.sync += [held.eq(0), last.eq(0)]
        with m.Elif(held & ~self.i.valid & ~last):
            m.d.sync += [waited.eq(waited + 1), last.eq(waited == self._patience - 1)]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [self.o.payload.byte.eq(self.i.payload), held.eq(1), waited.eq(0)]
        return m


class UsbSerial(Component):
    """Both directions of a serial port that the FPGA itself is, at USB pins.

    Host and board hold each other back, so no byte is lost, whatever the board does. The parent
    defines the domain ``usb`` and, for pins without a PHY, ``usb_io``: 12 MHz, and 48 MHz of the
    same loop. With a PHY its clock of 60 MHz drives ``usb``.

    Throughput: what the bus gives, at most a byte a clock of ``sync``. Latency: about a packet of
    the bus; an answer leaves `FLUSH_CLOCKS` clocks of ``usb`` after its last byte.

    Members:
        received: Out, stream of unsigned(8), from the host. sent: In, stream of unsigned(8).

    Args:
        pins: what luna takes for a bus: ``d_p``, ``d_n`` (``i``, ``o``, ``oe``) and ``pullup``
            (``o``), or those of ULPI.
        packet: bytes of a bulk packet, 64 at full speed, 512 at high speed.

    Raises:
        ModuleNotFoundError: luna-usb is not installed.
    """

    def __init__(self, pins: Any, packet: int) -> None:
        self._device = _device(pins, packet)
        super().__init__({"received": Out(stream.Signature(8)), "sent": In(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.device = device = self._device
        m.submodules.arrived = arrived = AsyncFIFOBuffered(
            width=8, depth=FIFO_BYTES, r_domain="sync", w_domain="usb")
        m.submodules.leaving = leaving = AsyncFIFOBuffered(
            width=8, depth=FIFO_BYTES, r_domain="usb", w_domain="sync")
        m.submodules.last = last = DomainRenamer("usb")(LastByte())
        m.d.comb += [
            device.connect.eq(1),
            arrived.w_data.eq(device.rx.payload),
            arrived.w_en.eq(device.rx.valid),
            device.rx.ready.eq(arrived.w_rdy),
            self.received.payload.eq(arrived.r_data),
            self.received.valid.eq(arrived.r_rdy),
            arrived.r_en.eq(self.received.ready),
            leaving.w_data.eq(self.sent.payload),
            leaving.w_en.eq(self.sent.valid),
            self.sent.ready.eq(leaving.w_rdy),
            last.i.payload.eq(leaving.r_data),
            last.i.valid.eq(leaving.r_rdy),
            leaving.r_en.eq(last.i.ready),
            device.tx.payload.eq(last.o.payload.byte),
            device.tx.last.eq(last.o.payload.last),
            device.tx.valid.eq(last.o.valid),
            last.o.ready.eq(device.tx.ready),
        ]
        return m

"""The byte link as registers of an AXI4-Lite slave."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, ClassVar

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.stream import StreamQueue, connect_streams

ADDRESS_BITS = 5
QUEUE_BYTES = 64
WORD_BYTES = 4


class Register(IntEnum):
    """Byte addresses. What is not said to be read reads as 0; writes to others do nothing."""

    DATA = 0x00
    """Written: bits 7 to 0 go to the link. Read: bit 8 says whether an answer's byte waited; bits 7
    to 0 are that byte, which is taken."""
    STATUS = 0x04
    """Read: bit 0 a byte waits, bit 1 there is room for a byte, bit 2 for a WORD."""
    SPACE = 0x08
    """Read: bits 15 to 0 are the bytes that there is room for, bits 31 to 16 those that wait."""
    INTERRUPT = 0x0C
    """Read and written: ``irq`` is high while, bit 0, a byte waits, or, bit 1, no byte is on
    its way to the link. Both 0 after a reset."""
    WORD = 0x10
    """Written: four bytes to the link, the lowest first, of which WSTRB leaves some out."""


FIELDS: Mapping[Register, Mapping[str, tuple[int, int]]] = {
    Register.DATA: {"byte": (0, 8), "waited": (8, 1)},
    Register.STATUS: {"waits": (0, 1), "room": (1, 1), "word_room": (2, 1)},
    Register.SPACE: {"room": (0, 16), "waiting": (16, 16)},
    Register.INTERRUPT: {"on_waits": (0, 1), "on_sent": (1, 1)},
    Register.WORD: {"bytes": (0, 32)},
}
"""Lowest bit and width of what a register holds."""


class AxiLiteLink(Component):
    """An AXI4-Lite slave with a queue of `QUEUE_BYTES` bytes each way; nothing is ever dropped.

    A write for which there is no room is answered when there is; who does not want to wait asks
    SPACE before. Outputs leave registers, whatever the other side does (AMBA AXI4, A3.2.1: what
    is valid stays as it is until it is taken). Addresses and data of a write may come in any order.
    All answers are OKAY.

    Latency: a write is answered 2 clocks after the later of address and data, and a clock more for
    each byte of WORD, a read 2 clocks after its address. Throughput: one of each in 3 clocks.

    Members:
        s_axi_awaddr: In(5), s_axi_awprot: In(3), s_axi_awvalid: In(1), s_axi_awready: Out(1), and
            so on for the five channels of 32 bits.
        irq: Out(1), level, active high; see `Register.INTERRUPT`.
        to_link: Out, from_link: In, streams of unsigned(8).
    """

    BUS: ClassVar[dict[str, Any]] = {
        "s_axi_awaddr": In(ADDRESS_BITS), "s_axi_awprot": In(3),
        "s_axi_awvalid": In(1), "s_axi_awready": Out(1),
        "s_axi_wdata": In(32), "s_axi_wstrb": In(WORD_BYTES),
        "s_axi_wvalid": In(1), "s_axi_wready": Out(1),
        "s_axi_bresp": Out(2), "s_axi_bvalid": Out(1), "s_axi_bready": In(1),
        "s_axi_araddr": In(ADDRESS_BITS), "s_axi_arprot": In(3),
        "s_axi_arvalid": In(1), "s_axi_arready": Out(1),
        "s_axi_rdata": Out(32), "s_axi_rresp": Out(2),
        "s_axi_rvalid": Out(1), "s_axi_rready": In(1),
        "irq": Out(1),
    }
    """The members that are the bus."""

    def __init__(self) -> None:
        super().__init__({**self.BUS, "to_link": Out(stream.Signature(8)),
                          "from_link": In(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.sending = sending = StreamQueue(8, QUEUE_BYTES)
        m.submodules.received = received = StreamQueue(8, QUEUE_BYTES)
        connect_streams(m, sending.o, self.to_link)
        connect_streams(m, self.from_link, received.i)
        enabled = Signal(2)
        causes = Signal(2)
        m.d.comb += causes.eq(Cat(received.o.valid, ~sending.o.valid))
        m.d.sync += self.irq.eq((enabled & causes).any())
        self._write(m, sending, enabled)
        self._read(m, sending, received, enabled)
        return m

    def _write(self, m: Module, sending: StreamQueue, enabled: Signal) -> None:
        """Take address and data, then send the bytes one by one, then answer."""
        register = Signal(3)
        data = Signal(32)
        wanted = Signal(WORD_BYTES)
        there = Signal(2)
        sends = Signal()
        last = Signal()
        acts = there.all() & ~self.s_axi_bvalid
        m.d.comb += [
            self.s_axi_awready.eq(~there[0]),
            self.s_axi_wready.eq(~there[1]),
            sends.eq(acts & (((register == Register.DATA // 4) & wanted[0])
                             | ((register == Register.WORD // 4) & wanted.any()))),
            sending.i.payload.eq(data[:8]),
            sending.i.valid.eq(sends & wanted[0]),
            last.eq(~wanted[1:].any() | (register == Register.DATA // 4)),
        ]
        with m.If(self.s_axi_awvalid & self.s_axi_awready):
            m.d.sync += [register.eq(self.s_axi_awaddr[2:]), there[0].eq(1)]
        with m.If(self.s_axi_wvalid & self.s_axi_wready):
            m.d.sync += [data.eq(self.s_axi_wdata), wanted.eq(self.s_axi_wstrb), there[1].eq(1)]
        with m.If(acts):
            with m.If(~sends | (last & sending.i.ready)):
                m.d.sync += self.s_axi_bvalid.eq(1)
            with m.Elif(sending.i.ready | ~wanted[0]):
                m.d.sync += [data.eq(data >> 8), wanted.eq(wanted >> 1)]
            with m.If((register == Register.INTERRUPT // 4) & wanted[0]):
                m.d.sync += enabled.eq(data[:2])
        with m.If(self.s_axi_bvalid & self.s_axi_bready):
            m.d.sync += [self.s_axi_bvalid.eq(0), there.eq(0)]

    def _read(self, m: Module, sending: StreamQueue, received: StreamQueue,
              enabled: Signal) -> None:
        """Take an address, and answer with the register."""
        register = Signal(3)
        there = Signal()
        room = Signal(range(QUEUE_BYTES + 1))
        acts = there & ~self.s_axi_rvalid
        waits, byte = received.o.valid, received.o.payload
        values = {
            Register.DATA: Cat(Mux(waits, byte, 0), waits),
            Register.STATUS: Cat(waits, room != 0, room >= WORD_BYTES),
            Register.SPACE: room | received.level << 16,
            Register.INTERRUPT: enabled,
        }
        m.d.comb += [
            self.s_axi_arready.eq(~there),
            room.eq(QUEUE_BYTES - sending.level),
            received.o.ready.eq(acts & (register == Register.DATA // 4)),
        ]
        with m.If(self.s_axi_arvalid & self.s_axi_arready):
            m.d.sync += [register.eq(self.s_axi_araddr[2:]), there.eq(1)]
        with m.If(acts):
            m.d.sync += self.s_axi_rvalid.eq(1)
            with m.Switch(register):
                for place, value in values.items():
                    with m.Case(place // 4):
                        m.d.sync += self.s_axi_rdata.eq(value)
                with m.Default():
                    m.d.sync += self.s_axi_rdata.eq(0)
        with m.If(self.s_axi_rvalid & self.s_axi_rready):
            m.d.sync += [self.s_axi_rvalid.eq(0), there.eq(0)]

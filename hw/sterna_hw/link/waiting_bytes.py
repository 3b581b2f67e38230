"""Room for frames that arrive while the one before is carried out."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.units.generate import WAITING_BYTES

from sterna_hw.component import Component
from sterna_hw.memory.storage import Storage


class WaitingBytes(Component):
    """Bytes in their order, `WAITING_BYTES` of them, in a block RAM.

    Latency 3 clocks, a byte in two clocks. All outputs leave registers: what reads the bytes has
    logic enough, and a block RAM takes half a clock.

    Members:
        i: In, o: Out, streams of unsigned(8).
    """

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.storage = storage = Storage(8, WAITING_BYTES, block=True)
        written, read = (
            Signal(range(2 * WAITING_BYTES), name=name) for name in ("written", "read"))
        push = Signal()
        fetch = Signal()
        fetched = Signal()
        m.d.comb += [
            self.i.ready.eq((written ^ read) != WAITING_BYTES),
            push.eq(self.i.valid & self.i.ready),
            fetch.eq((written != read) & ~fetched & (~self.o.valid | self.o.ready)),
            storage.write_enable.eq(push), storage.write_address.eq(written),
            storage.write_data.eq(self.i.payload),
            storage.enable.eq(fetch), storage.address.eq(read),
        ]
        m.d.sync += [written.eq(written + push), read.eq(read + fetch), fetched.eq(fetch)]
        with m.If(fetched):
            m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(storage.data)]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        return m

"""Marks where frames end in a stream of bytes that is nothing but frames."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.link.frames import LAST_BYTE

_LENGTH_LOW, _HEADER, _CRC = 3, 5, 2
"""Bytes before the length, of START and the header, and behind the payload."""


class FrameEnds(Component):
    """Passes the frames of a `FrameTransmitter` and tells the last byte of each.

    Latency 0, one byte a clock.

    Members:
        i: In, stream of unsigned(8). o: Out, stream of LAST_BYTE.
    """

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(LAST_BYTE))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        position = Signal(range(_HEADER + 1))
        left = Signal(17)
        m.d.comb += [
            self.o.payload.byte.eq(self.i.payload),
            self.o.payload.last.eq((position == _HEADER) & (left == 1)),
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq(self.o.ready),
        ]
        with m.If(self.i.valid & self.i.ready):
            with m.If(self.o.payload.last):
                m.d.sync += position.eq(0)
            with m.Elif(position == _HEADER):
                m.d.sync += left.eq(left - 1)
            with m.Else():
                m.d.sync += position.eq(position + 1)
            with m.Switch(position):
                with m.Case(_LENGTH_LOW):
                    m.d.sync += left.eq(self.i.payload)
                with m.Case(_LENGTH_LOW + 1):
                    m.d.sync += left.eq(Cat(left[:8], self.i.payload) + _CRC)
        return m

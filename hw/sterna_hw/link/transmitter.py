"""Frames into a byte stream."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.protocol import CRC_START, START

from sterna_hw.component import Component
from sterna_hw.link.crc import crc_step
from sterna_hw.link.frames import ANSWER_HEADER, LAST_BYTE


class FrameTransmitter(Component):
    """Wraps payloads in frames.

    A header is taken at once when no frame is being sent; ``length`` payload bytes must follow, the
    last of them marked. A frame without payload needs nothing more of its sender.

    Throughput: one byte a clock, one clock between frames. Latency: START is valid the clock after
    the header is taken; payload bytes pass through.

    Members
    -------
    headers : In(stream of ANSWER_HEADER)
    payload : In(stream of LAST_BYTE)
    bytes : Out(stream of unsigned(8))
    """

    def __init__(self) -> None:
        super().__init__({
            "headers": In(stream.Signature(ANSWER_HEADER)),
            "payload": In(stream.Signature(LAST_BYTE)),
            "bytes": Out(stream.Signature(8)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        header = Signal(ANSWER_HEADER)
        crc = Signal(16, init=CRC_START)
        sent = Signal()
        m.d.comb += sent.eq(self.bytes.valid & self.bytes.ready)

        with m.FSM():
            def emit(byte, following: str) -> None:
                m.d.comb += [self.bytes.valid.eq(1), self.bytes.payload.eq(byte)]
                with m.If(sent):
                    m.next = following

            with m.State("idle"):
                m.d.comb += self.headers.ready.eq(1)
                m.d.sync += [
                    header.eq(self.headers.payload),
                    crc.eq(CRC_START),
                ]
                with m.If(self.headers.valid):
                    m.next = "start"
            with m.State("start"):
                emit(START, "type")
            for state, byte, following in (
                ("type", header.type, "sequence"),
                ("sequence", header.sequence, "length low"),
                ("length low", header.length[0:8], "length high"),
                ("length high", header.length[8:16], "payload"),
            ):
                with m.State(state):
                    emit(byte, following)
                    with m.If(sent):
                        m.d.sync += crc.eq(crc_step(crc, self.bytes.payload))
                        if state == "length high":
                            with m.If(header.length == 0):
                                m.next = "crc low"
            with m.State("payload"):
                m.d.comb += [
                    self.bytes.valid.eq(self.payload.valid),
                    self.bytes.payload.eq(self.payload.payload.byte),
                    self.payload.ready.eq(self.bytes.ready),
                ]
                with m.If(sent):
                    m.d.sync += crc.eq(crc_step(crc, self.bytes.payload))
                    with m.If(self.payload.payload.last):
                        m.next = "crc low"
            with m.State("crc low"):
                emit(crc[0:8], "crc high")
            with m.State("crc high"):
                emit(crc[8:16], "idle")
        return m

"""Frames out of a byte stream."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.protocol import CRC_START, START

from sterna_hw.component import Component
from sterna_hw.link.crc import crc_step
from sterna_hw.link.frames import FRAME_HEADER, FrameOutcome

FRAME_TIMEOUT = 1 << 20


class FrameReceiver(Component):
    """Finds frames in a byte stream and checks their CRC.

    Bytes before START are skipped. The payload leaves as it arrives, before its check: the consumer
    acts on the outcome, or does only what a repetition of the frame sets right.

    Throughput: one byte a clock. Latency: none for payload bytes (they pass through); the outcome
    is valid the clock after the last CRC byte.

    Parameters
    ----------
    frame_timeout : int
        Clocks without a byte after which a frame that has begun is given up. Clocks in which a byte
        waits (back-pressure of the consumer) do not count.

    Members
    -------
    bytes : In(stream of unsigned(8))
    header : Out(FRAME_HEADER)
        Valid and stable from the first payload byte until the outcome is taken.
    payload : Out(stream of unsigned(8))
        As many bytes as the frame's length says, unless it is abandoned.
    outcomes : Out(stream of FrameOutcome)
        One for each frame whose header was complete; the next frame waits until it is taken.
    """

    def __init__(self, frame_timeout: int = FRAME_TIMEOUT) -> None:
        if frame_timeout < 1:
            raise ValueError(f"frame_timeout must be at least 1, not {frame_timeout}")
        self._frame_timeout = frame_timeout
        super().__init__({
            "bytes": In(stream.Signature(8)),
            "header": Out(FRAME_HEADER),
            "payload": Out(stream.Signature(8)),
            "outcomes": Out(stream.Signature(FrameOutcome)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        byte = self.bytes.payload
        taken = Signal()
        m.d.comb += taken.eq(self.bytes.valid & self.bytes.ready)

        crc = Signal(16, init=CRC_START)
        low_matches = Signal()
        left = Signal(16)
        idle_clocks = Signal(range(self._frame_timeout + 2), init=1)
        expired = Signal()
        # What the state means for the bytes, in registers: the state itself is decoded late.
        takes_bytes = Signal(init=1)
        in_payload = Signal()
        listening = Signal()
        outcome = Signal(FrameOutcome)

        with m.If(~listening | self.bytes.valid):
            m.d.sync += [idle_clocks.eq(1), expired.eq(0)]
        with m.Elif(~expired):
            # The clock in which all bits of the limit are set for the first time is the limit.
            m.d.sync += [
                idle_clocks.eq(idle_clocks + 1),
                expired.eq((idle_clocks & self._frame_timeout) == self._frame_timeout),
            ]
        with m.If(taken):
            m.d.sync += crc.eq(crc_step(crc, byte))
        m.d.comb += [
            self.bytes.ready.eq(takes_bytes & (~in_payload | self.payload.ready)),
            self.payload.valid.eq(in_payload & self.bytes.valid),
            self.payload.payload.eq(byte),
            self.outcomes.payload.eq(outcome),
        ]

        def listen(following: str) -> None:
            m.d.sync += [listening.eq(1), in_payload.eq(following == "payload")]
            m.next = following

        def stop() -> None:
            m.d.sync += [listening.eq(0), in_payload.eq(0)]
            m.next = "start"

        def conclude(result: FrameOutcome) -> None:
            m.d.sync += [
                outcome.eq(result), takes_bytes.eq(0), listening.eq(0), in_payload.eq(0)]
            m.next = "outcome"

        def header_byte(field: Value, following: str) -> None:
            """Take one byte of the header; an expired wait for it goes back to the start."""
            with m.If(taken):
                m.d.sync += field.eq(byte)
                listen(following)
            with m.Elif(expired):
                stop()

        with m.FSM():
            with m.State("start"):
                m.d.sync += crc.eq(CRC_START)
                with m.If(taken & (byte == START)):
                    listen("type")
            with m.State("type"):
                header_byte(self.header.type, "sequence")
            with m.State("sequence"):
                header_byte(self.header.sequence, "length low")
            with m.State("length low"):
                header_byte(left[0:8], "length high")
            with m.State("length high"):
                header_byte(left[8:16], "payload")
                with m.If(taken & (byte == 0) & (left[0:8] == 0)):
                    listen("crc low")
            with m.State("payload"):
                with m.If(taken):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 1):
                        listen("crc low")
                with m.Elif(expired):
                    conclude(FrameOutcome.ABANDONED)
            with m.State("crc low"):
                with m.If(taken):
                    m.d.sync += [low_matches.eq(byte == crc[0:8]), crc.eq(crc)]
                    listen("crc high")
                with m.Elif(expired):
                    conclude(FrameOutcome.ABANDONED)
            with m.State("crc high"):
                with m.If(taken):
                    conclude(FrameOutcome.CORRUPT)
                    with m.If(low_matches & (byte == crc[8:16])):
                        m.d.sync += outcome.eq(FrameOutcome.GOOD)
                with m.Elif(expired):
                    conclude(FrameOutcome.ABANDONED)
            with m.State("outcome"):
                m.d.comb += self.outcomes.valid.eq(1)
                with m.If(self.outcomes.ready):
                    m.d.sync += takes_bytes.eq(1)
                    m.next = "start"
        return m

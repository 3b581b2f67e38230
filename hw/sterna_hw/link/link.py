"""The link as a whole: bytes on one side, memory writes and runs on the other."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS

from sterna_hw.component import Component
from sterna_hw.layouts import write_chunk
from sterna_hw.link.command_handler import CommandHandler, failure_members, read_members
from sterna_hw.link.frames import LAST_BYTE, run_request
from sterna_hw.link.generation_ports import connect_generation, generation_members
from sterna_hw.link.receiver import FRAME_TIMEOUT, FrameReceiver
from sterna_hw.link.transmitter import FrameTransmitter
from sterna_hw.link.waiting_bytes import WaitingBytes
from sterna_hw.stream import StreamBuffer, connect_streams


class Link(Component):
    """Frame receiver, command handler and frame transmitter.

    One byte a clock each way; members as in `CommandHandler`, whose payload and answers are inside.
    Registers between the three keep their decisions apart. Where frames wait for a text that is
    being made, `WaitingBytes` are before them.

    Members
    -------
    link_in : In(stream of unsigned(8)), link_out : Out(stream of unsigned(8))
    writes : Out(stream of write_chunk)
    runs : Out(stream of run_request)
    result : In(stream of unsigned(32))
    failure : In, failure_taken : Out(1)
        Only where the weights come from AXI4 ports.
    reads : Out(stream of read_request), words : In(stream of unsigned(32))
        Only in a machine that answers READ.
    Those of `generation_members`, only in a machine that answers GENERATE.
    """

    def __init__(self, machine: Machine,
                 frame_timeout: int = FRAME_TIMEOUT, contents: int = 0) -> None:
        self._machine = machine
        self._contents = contents
        self._frame_timeout = frame_timeout
        super().__init__({
            **failure_members(machine), **read_members(machine), **generation_members(machine),
            "link_in": In(stream.Signature(8)),
            "link_out": Out(stream.Signature(8)),
            "writes": Out(stream.Signature(write_chunk(machine))),
            "runs": Out(stream.Signature(run_request(machine))),
            "result": In(stream.Signature(CHUNK_BITS)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.receiver = receiver = FrameReceiver(self._frame_timeout)
        m.submodules.handler = handler = CommandHandler(
            self._machine, self._contents)
        m.submodules.transmitter = transmitter = FrameTransmitter()
        m.submodules.received = received = StreamBuffer(8)
        m.submodules.answered = answered = StreamBuffer(LAST_BYTE)
        # What came of a frame is told behind its last byte.
        given = ~received.o.valid
        m.d.comb += [
            handler.header.eq(receiver.header),
            handler.outcomes.payload.eq(receiver.outcomes.payload),
            handler.outcomes.valid.eq(receiver.outcomes.valid & given),
            receiver.outcomes.ready.eq(handler.outcomes.ready & given),
        ]
        if failure_members(self._machine):
            m.d.comb += [
                handler.failure.eq(self.failure),
                self.failure_taken.eq(handler.failure_taken),
            ]
        if read_members(self._machine):
            connect_streams(m, handler.reads, self.reads)
            connect_streams(m, self.words, handler.words)
        connect_generation(m, self._machine, handler, self)
        incoming: Any = self.link_in
        if self._machine.generates is not None:
            m.submodules.waiting = waiting = WaitingBytes()
            connect_streams(m, incoming, waiting.i)
            incoming = waiting.o
        for source, sink in (
            (incoming, receiver.bytes),
            (receiver.payload, received.i),
            (received.o, handler.payload),
            (handler.answers, transmitter.headers),
            (handler.answer_payload, answered.i),
            (answered.o, transmitter.payload),
            (transmitter.bytes, self.link_out),
            (handler.writes, self.writes),
            (handler.runs, self.runs),
            (self.result, handler.result),
        ):
            connect_streams(m, source, sink)
        return m

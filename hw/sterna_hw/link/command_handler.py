"""Acts on received frames: identifies the board, loads memories, starts runs, answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, FAILURE_BITS, ErrorCode, result_words

from sterna_hw.component import Component
from sterna_hw.layouts import write_chunk
from sterna_hw.link.answers import Answers
from sterna_hw.link.frame_kinds import Begin, FrameKind, Hello, Load, Read, Received, Run
from sterna_hw.link.frames import (
    ANSWER_HEADER,
    FRAME_HEADER,
    LAST_BYTE,
    FrameOutcome,
    run_request,
)
from sterna_hw.link.generate_frames import GenerateFrame, StopFrame
from sterna_hw.link.generation_ports import generation_members
from sterna_hw.link.info import SESSION_BYTES, identity
from sterna_hw.link.session import Session
from sterna_hw.state_layouts import read_request


def kinds_of(machine: Machine) -> list[type[FrameKind]]:
    """The frames that a machine acts on."""
    kinds: list[type[FrameKind]] = [Hello, Begin, Run, Load]
    if machine.readable:
        kinds.append(Read)
    if machine.generates is not None:
        kinds += [GenerateFrame, StopFrame]
    return kinds


def read_members(machine: Machine) -> dict[str, Any]:
    """Members that read what a RUN writes, where the machine answers READ."""
    if machine.readable:
        return {"reads": Out(stream.Signature(read_request(machine))),
                "words": In(stream.Signature(CHUNK_BITS))}
    return {}


def failure_members(machine: Machine) -> dict[str, Any]:
    """Members that tell of error answers, where a memory can give them."""
    if machine.memory.can_fail:
        return {"failure": In(FAILURE_BITS), "failure_taken": Out(1)}
    return {}


class CommandHandler(Component):
    """Carries out one frame after the other.

    LOAD data become `write_chunk` items as they arrive, one for each four bytes. Chunks beyond the
    memory, or for an unknown space, are not written and answered with SPACE. RUN goes out after its
    frame is known to be good; the next frame waits until the RESULT is sent. Of several faults the
    answer names the first of CRC, TYPE, LENGTH, SPACE.

    The session, which a RESULT counts and ends with, is all that the handler keeps.

    Throughput: one payload byte a clock while ``writes`` is taken. Latency: a chunk is valid the
    clock after its fourth byte, an answer three clocks after the outcome.

    Members
    -------
    header : In(FRAME_HEADER), payload : In(stream), outcomes : In(stream)
        As `FrameReceiver` gives them.
    answers : Out(stream of ANSWER_HEADER), answer_payload : Out(stream of LAST_BYTE)
        As `FrameTransmitter` takes them.
    writes : Out(stream of write_chunk)
    runs : Out(stream of run_request)
        The request stays in the payload until its RESULT is sent.
    result : In(stream of unsigned(32))
        The words of a RESULT payload before the session; the first is valid when the run is done.
    failure : In, failure_taken : Out(1)
        As in `AxiFailures`; only where the weights come from AXI4 ports.
    reads : Out(stream of read_request), words : In(stream of unsigned(32))
        As in `StateAccess`; only in a machine that answers READ.
    Those of `generation_members`, only in a machine that answers GENERATE.

    Parameters
    ----------
    contents : int
        What the INFO frame says of the memories; unless it is 0 only INPUT can be loaded,
        and what READ reads.
    """

    def __init__(self, machine: Machine, contents: int = 0) -> None:
        self._machine = machine
        self._contents = contents
        super().__init__({
            **failure_members(machine), **read_members(machine), **generation_members(machine),
            "header": In(FRAME_HEADER),
            "payload": In(stream.Signature(8)),
            "outcomes": In(stream.Signature(FrameOutcome)),
            "answers": Out(stream.Signature(ANSWER_HEADER)),
            "answer_payload": Out(stream.Signature(LAST_BYTE)),
            "writes": Out(stream.Signature(write_chunk(machine))),
            "runs": Out(stream.Signature(run_request(machine))),
            "result": In(stream.Signature(CHUNK_BITS)),
        })

    def elaborate(self, platform) -> Module:
        m = Module()
        machine = self._machine
        # As many payload bytes as RUN has, the latest on top: arguments of RUN, LOAD and its data.
        received = Received(run_request(machine).size // 8, self._contents)
        arguments, count = received.arguments, received.count
        m.d.comb += [
            received.accepted.eq(self.payload.valid & self.payload.ready),
            self.runs.payload.eq(arguments),
        ]
        with m.If(received.accepted):
            m.d.sync += arguments.eq(Cat(arguments[8:], self.payload.payload))
            with m.If(count != received.run_length + 1):
                m.d.sync += count.eq(count + 1)
        with m.If(self.outcomes.valid & self.outcomes.ready):
            m.d.sync += count.eq(0)

        kinds = [kind(m, machine, self, received) for kind in kinds_of(machine)]
        error = Signal(ErrorCode)
        fault = Signal()
        self._judge(m, kinds, error, fault)
        # The frame is complete for two clocks before it is answered.
        error_found = Signal(ErrorCode)
        fault_found = Signal()
        m.d.sync += [error_found.eq(error), fault_found.eq(fault)]
        m.submodules.session = session = Session()
        m.d.comb += session.nonce.eq(arguments[-CHUNK_BITS:])
        if machine.generates is not None:
            m.d.comb += self.forget.eq(session.begin)
        Answers(m, machine, self, session, self._left()).build(kinds, error_found, fault_found)
        return m

    def _left(self) -> Signal:
        """Counts the bytes of the longest answer."""
        machine = self._machine
        longest = max(len(identity(machine, self._contents)) + SESSION_BYTES,
                      4 * result_words(machine, machine.streams))
        return Signal(16 if machine.readable else range(longest + 1), name="left")

    def _judge(self, m: Module, kinds: Sequence[FrameKind], error: Signal, fault: Signal) -> None:
        """Find what is wrong with a complete frame."""
        known = Signal(init=1)
        right_length = Signal()
        right_space = Signal(init=1)
        with m.Switch(self.header.type):
            for kind in kinds:
                with m.Case(kind.type):
                    kind.judge(m, right_length, right_space)
            with m.Default():
                m.d.comb += known.eq(0)
        m.d.comb += fault.eq(1)
        with m.If(self.outcomes.payload == FrameOutcome.CORRUPT):
            m.d.comb += error.eq(ErrorCode.CRC)
        with m.Elif(~known):
            m.d.comb += error.eq(ErrorCode.TYPE)
        with m.Elif(~right_length):
            m.d.comb += error.eq(ErrorCode.LENGTH)
        with m.Elif(~right_space):
            m.d.comb += error.eq(ErrorCode.SPACE)
        with m.Else():
            m.d.comb += fault.eq(0)

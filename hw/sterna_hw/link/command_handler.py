"""Acts on received frames: identifies the board, loads memories, starts runs, answers."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import (
    CHUNK_BITS,
    FAILURE_BITS,
    READ_REQUEST,
    ErrorCode,
    FrameType,
    result_words,
)

from sterna_hw.component import Component
from sterna_hw.layouts import write_chunk
from sterna_hw.link.frames import (
    ANSWER_HEADER,
    FRAME_HEADER,
    LAST_BYTE,
    FrameOutcome,
    run_request,
)
from sterna_hw.link.info import SESSION_BYTES, identity, identity_byte
from sterna_hw.link.load import add_load
from sterna_hw.link.read_chunks import ReadChunks
from sterna_hw.link.session import Session
from sterna_hw.state_layouts import read_request
from sterna_hw.stream import connect_streams


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
            **failure_members(machine), **read_members(machine),
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
        # As many payload bytes as RUN has, the latest on top: arguments of RUN, LOAD and its data.
        run_length = run_request(self._machine).size // 8
        arguments = Signal(8 * run_length)
        count = Signal(range(run_length + 2))
        accepted = Signal()
        m.d.comb += [
            accepted.eq(self.payload.valid & self.payload.ready),
            self.runs.payload.eq(arguments),
        ]
        with m.If(accepted):
            m.d.sync += arguments.eq(Cat(arguments[8:], self.payload.payload))
            with m.If(count != run_length + 1):
                m.d.sync += count.eq(count + 1)
        with m.If(self.outcomes.valid & self.outcomes.ready):
            m.d.sync += count.eq(0)

        whole_words = Signal()
        space_error = Signal()
        add_load(m, self, self._machine, bool(self._contents), arguments[-CHUNK_BITS:], accepted,
                 count, whole_words, space_error)
        error = Signal(ErrorCode)
        fault = Signal()
        reader = self._reader(m, arguments[-8 * READ_REQUEST.size:])
        self._judge(m, count, run_length, whole_words, space_error, reader, error, fault)
        # The frame is complete for two clocks before it is answered.
        error_found = Signal(ErrorCode)
        fault_found = Signal()
        m.d.sync += [error_found.eq(error), fault_found.eq(fault)]
        m.submodules.session = session = Session()
        m.d.comb += session.nonce.eq(arguments[-CHUNK_BITS:])
        self._answer(m, session, reader, error_found, fault_found)
        return m

    def _reader(self, m: Module, request: Value) -> ReadChunks | None:
        """What asks for the words of a READ; the pieces that it gets are sent by `_answer`."""
        if not read_members(self._machine):
            return None
        m.submodules.reader = reader = ReadChunks(self._machine)
        connect_streams(m, reader.requests, self.reads)
        m.d.comb += Cat(reader.space, reader.first, reader.words).eq(request)
        return reader

    def _judge(self, m: Module, count: Signal, run_length: int, whole_words: Signal,
               space_error: Signal, reader: ReadChunks | None, error: Signal,
               fault: Signal) -> None:
        """Find what is wrong with a complete frame."""
        known = Signal(init=1)
        right_length = Signal()
        right_space = Signal(init=1)
        with m.Switch(self.header.type):
            with m.Case(FrameType.HELLO):
                m.d.comb += right_length.eq(count == 0)
            with m.Case(FrameType.BEGIN):
                m.d.comb += right_length.eq(count == CHUNK_BITS // 8)
            with m.Case(FrameType.RUN):
                m.d.comb += right_length.eq(count == run_length)
            with m.Case(FrameType.LOAD):
                m.d.comb += [right_length.eq(whole_words), right_space.eq(~space_error)]
            if reader is not None:
                with m.Case(FrameType.READ):
                    m.d.comb += [
                        right_length.eq((count == READ_REQUEST.size) & reader.words.any()),
                        right_space.eq(reader.known),
                    ]
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

    def _answer(self, m: Module, session: Session, reader: ReadChunks | None, error: Signal,
                fault: Signal) -> None:
        """Send the answer; the outcome is taken a clock after the transmitter has all of it."""
        machine = self._machine
        info = identity(machine, self._contents)
        info_length = len(info) + SESSION_BYTES
        result_length: Value | int = 4 * result_words(machine)
        streams = machine.streams
        longest = max(info_length, 4 * result_words(machine, streams))
        left = Signal(range(longest + 1) if reader is None else 16)
        if streams > 1:
            counters = 4 * result_words(machine, 0)
            active = self.runs.payload.active[:streams]
            result_length = counters + sum(
                (Mux(ran, result_length - counters, 0) for ran in active), Const(0))
        has_failures = bool(failure_members(machine))
        reported = Signal(FAILURE_BITS if has_failures else ErrorCode)
        finished = Signal()
        answer = self.answers.payload
        m.d.sync += finished.eq(0)
        m.d.comb += [
            self.outcomes.ready.eq(finished),
            answer.sequence.eq(self.header.sequence),
        ]

        def announce(kind: FrameType, length: Value | int, following: str | None) -> None:
            m.d.comb += [
                self.answers.valid.eq(1),
                answer.type.eq(kind),
                answer.length.eq(length),
            ]
            m.d.sync += left.eq(length)
            with m.If(self.answers.ready):
                if following is None:
                    m.d.sync += finished.eq(1)
                    m.next = "wait"
                else:
                    m.next = following

        def send(byte: Value, valid: Value, until: int = 0) -> Value:
            """Send bytes until those of the session are left; true in a clock that sends one."""
            m.d.comb += [
                self.answer_payload.valid.eq(valid),
                self.answer_payload.payload.byte.eq(byte),
                self.answer_payload.payload.last.eq(left == 1),
            ]
            sent = valid & self.answer_payload.ready
            with m.If(sent):
                m.d.sync += left.eq(left - 1)
                with m.If(left == until + 1):
                    if until:
                        m.next = "session"
                    else:
                        m.d.sync += finished.eq(1)
                        m.next = "wait"
            return sent

        with m.FSM():
            with m.State("wait"):
                with m.If(self.outcomes.valid & ~finished & ~self.writes.valid):
                    m.next = "settle"
            with m.State("settle"):
                m.next = "judge"
            with m.State("judge"):
                m.d.sync += reported.eq(error)
                with m.If(self.outcomes.payload == FrameOutcome.ABANDONED):
                    m.d.sync += finished.eq(1)
                    m.next = "wait"
                with m.Elif(fault):
                    m.next = "error"
                if has_failures:
                    with m.Elif((self.header.type == FrameType.LOAD) & self.failure.any()):
                        m.d.comb += self.failure_taken.eq(1)
                        m.d.sync += reported.eq(self.failure)
                        m.next = "error"
                with m.Else():
                    with m.Switch(self.header.type):
                        with m.Case(FrameType.HELLO):
                            m.next = "hello"
                        with m.Case(FrameType.BEGIN):
                            m.d.comb += session.begin.eq(1)
                            m.next = "loaded"
                        with m.Case(FrameType.LOAD):
                            m.next = "loaded"
                        if reader is not None:
                            with m.Case(FrameType.READ):
                                m.d.comb += reader.start.eq(1)
                                m.next = "measure"
                        with m.Default():
                            m.d.sync += self.runs.valid.eq(1)
                            m.next = "run"
            with m.State("error"):
                announce(FrameType.ERROR, 1, "error code")
            with m.State("error code"):
                send(Value.cast(reported), Const(1))
            with m.State("hello"):
                announce(FrameType.INFO, info_length, "identity")
            with m.State("identity"):
                send(identity_byte(info, left), Const(1), SESSION_BYTES)
            with m.State("loaded"):
                announce(FrameType.ACK, 0, None)
            with m.State("run"):
                with m.If(self.runs.ready):
                    m.d.sync += self.runs.valid.eq(0)
                    m.next = "running"
            with m.State("running"):
                succeeds = self.result.valid
                if has_failures:
                    succeeds &= ~self.failure.any()
                with m.If(succeeds):
                    announce(FrameType.RESULT, result_length, "result")
                if has_failures:
                    with m.Elif(self.result.valid):
                        m.d.comb += self.failure_taken.eq(1)
                        m.d.sync += [
                            reported.eq(self.failure), left.eq(result_length - SESSION_BYTES)]
                        m.next = "failed"
            if has_failures:
                with m.State("failed"):  # nobody wants the words
                    m.d.comb += self.result.ready.eq(1)
                    with m.If(self.result.valid):
                        m.d.sync += left.eq(left - CHUNK_BITS // 8)
                        with m.If(left == CHUNK_BITS // 8):
                            m.next = "error"
            with m.State("result"):
                # The lowest byte of a word has the count of a multiple of four left.
                byte = self.result.payload.word_select((0 - left[:2])[:2], 8)
                sent = send(byte, self.result.valid, SESSION_BYTES)
                m.d.comb += [self.result.ready.eq(sent & (left[:2] == 1)), session.count.eq(1)]
            if reader is not None:
                with m.State("measure"):
                    m.d.sync += reported.eq(
                        Mux(reader.too_long, ErrorCode.LENGTH, ErrorCode.SPACE))
                    with m.If(reader.measured):
                        m.next = "read"
                        with m.If(reader.too_long | reader.beyond):
                            m.next = "error"
                with m.State("read"):
                    announce(FrameType.READ_ANSWER, Cat(Const(0, 2), reader.chunks) + SESSION_BYTES,
                             "words")
                    m.d.comb += reader.ask.eq(self.answers.ready)
                with m.State("words"):
                    byte = self.words.payload.word_select((0 - left[:2])[:2], 8)
                    sent = send(byte, self.words.valid, SESSION_BYTES)
                    m.d.comb += self.words.ready.eq(sent & (left[:2] == 1))
            with m.State("session"):
                m.d.comb += session.step.eq(send(session.byte, Const(1)))

"""What the handler of commands does with frames of each type."""

from __future__ import annotations

from typing import Any, ClassVar

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from sterna.machine.machine import Machine
from sterna.machine.protocol import (
    CHUNK_BITS,
    READ_REQUEST,
    ErrorCode,
    FrameType,
    result_words,
)

from sterna_hw.link.answers import Answers
from sterna_hw.link.info import SESSION_BYTES, identity, identity_byte
from sterna_hw.link.load import add_load
from sterna_hw.link.read_chunks import ReadChunks
from sterna_hw.stream import connect_streams


class Received:
    """What is known of the frame that is being received, in the module of a `CommandHandler`.

    Attributes:
        accepted: a byte of the payload is taken in this clock. count: how many were before, up to
            one more than RUN has. arguments: the latest bytes, the last on top.
        contents: what INFO says of the memories; unless it is 0 only INPUT is loaded.
    """

    def __init__(self, run_length: int, contents: int) -> None:
        self.run_length, self.contents = run_length, contents
        self.arguments = Signal(8 * run_length, name="arguments")
        self.count = Signal(range(run_length + 2), name="count")
        self.accepted = Signal(name="accepted")


class FrameKind:
    """Frames of a type: when one is right, and the states that carry it out and answer it.

    Args:
        m: the module of the handler. handler: its members. received: the frame.
    """

    type: ClassVar[FrameType]

    def __init__(self, m: Module, machine: Machine, handler: Any, received: Received) -> None:
        del m
        self._machine, self._handler, self._received = machine, handler, received

    def judge(self, m: Module, right_length: Signal, right_space: Signal) -> None:
        """Say whether a complete frame has the right length, and names what there is."""

    def begin(self, m: Module, answers: Answers) -> None:
        """Act on a good frame; in the state in which it is judged."""

    def add_states(self, m: Module, answers: Answers) -> None:
        """Add the states that follow."""


class Hello(FrameKind):
    """HELLO: identifies the board."""

    type = FrameType.HELLO

    def judge(self, m: Module, right_length: Signal, right_space: Signal) -> None:
        m.d.comb += right_length.eq(self._received.count == 0)

    def begin(self, m: Module, answers: Answers) -> None:
        m.next = "hello"

    def add_states(self, m: Module, answers: Answers) -> None:
        info = identity(self._machine, self._received.contents)
        with m.State("hello"):
            answers.announce(FrameType.INFO, len(info) + SESSION_BYTES, "identity")
        with m.State("identity"):
            answers.send(identity_byte(info, answers.left), Const(1), SESSION_BYTES)


class Begin(FrameKind):
    """BEGIN: a session of the host."""

    type = FrameType.BEGIN

    def judge(self, m: Module, right_length: Signal, right_space: Signal) -> None:
        m.d.comb += right_length.eq(self._received.count == CHUNK_BITS // 8)

    def begin(self, m: Module, answers: Answers) -> None:
        m.d.comb += answers.session.begin.eq(1)
        m.next = "loaded"

    def add_states(self, m: Module, answers: Answers) -> None:
        with m.State("loaded"):
            answers.announce(FrameType.ACK, 0, None)


class Load(FrameKind):
    """LOAD: its data have become writes as they came; it is acknowledged as BEGIN is."""

    type = FrameType.LOAD

    def __init__(self, m: Module, machine: Machine, handler: Any, received: Received) -> None:
        super().__init__(m, machine, handler, received)
        self._whole_words = Signal(name="whole_words")
        self._space_error = Signal(name="space_error")
        add_load(m, handler, machine, bool(received.contents), received.arguments[-CHUNK_BITS:],
                 received.accepted, received.count, self._whole_words, self._space_error)

    def judge(self, m: Module, right_length: Signal, right_space: Signal) -> None:
        m.d.comb += [right_length.eq(self._whole_words), right_space.eq(~self._space_error)]

    def begin(self, m: Module, answers: Answers) -> None:
        m.next = "loaded"


class Run(FrameKind):
    """RUN: goes out to the units, whose words the RESULT has."""

    type = FrameType.RUN

    def judge(self, m: Module, right_length: Signal, right_space: Signal) -> None:
        received = self._received
        m.d.comb += right_length.eq(received.count == received.run_length)

    def begin(self, m: Module, answers: Answers) -> None:
        m.d.sync += self._handler.runs.valid.eq(1)
        m.next = "run"

    def _length(self) -> Value | int:
        machine, streams = self._machine, self._machine.streams
        if streams == 1:
            return 4 * result_words(machine)
        counters = 4 * result_words(machine, 0)
        active = self._handler.runs.payload.active[:streams]
        return counters + sum((Mux(ran, 4 * result_words(machine) - counters, 0)
                               for ran in active), Const(0))

    def add_states(self, m: Module, answers: Answers) -> None:
        handler, left, length = self._handler, answers.left, self._length()
        with m.State("run"):
            with m.If(handler.runs.ready):
                m.d.sync += handler.runs.valid.eq(0)
                m.next = "running"
        with m.State("running"):
            succeeds = handler.result.valid
            if answers.can_fail:
                succeeds &= ~handler.failure.any()
            with m.If(succeeds):
                answers.announce(FrameType.RESULT, length, "result")
            if answers.can_fail:
                with m.Elif(handler.result.valid):
                    m.d.comb += handler.failure_taken.eq(1)
                    m.d.sync += [
                        answers.reported.eq(handler.failure), left.eq(length - SESSION_BYTES)]
                    m.next = "failed"
        if answers.can_fail:
            with m.State("failed"):  # nobody wants the words
                m.d.comb += handler.result.ready.eq(1)
                with m.If(handler.result.valid):
                    m.d.sync += left.eq(left - CHUNK_BITS // 8)
                    with m.If(left == CHUNK_BITS // 8):
                        m.next = "error"
        with m.State("result"):
            # The lowest byte of a word has the count of a multiple of four left.
            byte = handler.result.payload.word_select((0 - left[:2])[:2], 8)
            sent = answers.send(byte, handler.result.valid, SESSION_BYTES)
            m.d.comb += [
                handler.result.ready.eq(sent & (left[:2] == 1)), answers.session.count.eq(1)]


class Read(FrameKind):
    """READ: words of what a RUN writes, in a machine that has the unit."""

    type = FrameType.READ

    def __init__(self, m: Module, machine: Machine, handler: Any, received: Received) -> None:
        super().__init__(m, machine, handler, received)
        m.submodules.reader = self._reader = reader = ReadChunks(machine)
        connect_streams(m, reader.requests, handler.reads)
        request = received.arguments[-8 * READ_REQUEST.size:]
        m.d.comb += Cat(reader.space, reader.first, reader.words).eq(request)

    def judge(self, m: Module, right_length: Signal, right_space: Signal) -> None:
        reader = self._reader
        m.d.comb += [
            right_length.eq((self._received.count == READ_REQUEST.size) & reader.words.any()),
            right_space.eq(reader.known),
        ]

    def begin(self, m: Module, answers: Answers) -> None:
        m.d.comb += self._reader.start.eq(1)
        m.next = "measure"

    def add_states(self, m: Module, answers: Answers) -> None:
        reader, handler, left = self._reader, self._handler, answers.left
        with m.State("measure"):
            m.d.sync += answers.reported.eq(
                Mux(reader.too_long, ErrorCode.LENGTH, ErrorCode.SPACE))
            with m.If(reader.measured):
                m.next = "read"
                with m.If(reader.too_long | reader.beyond):
                    m.next = "error"
        with m.State("read"):
            answers.announce(FrameType.READ_ANSWER,
                             Cat(Const(0, 2), reader.chunks) + SESSION_BYTES, "words")
            m.d.comb += reader.ask.eq(handler.answers.ready)
        with m.State("words"):
            byte = handler.words.payload.word_select((0 - left[:2])[:2], 8)
            sent = answers.send(byte, handler.words.valid, SESSION_BYTES)
            m.d.comb += handler.words.ready.eq(sent & (left[:2] == 1))

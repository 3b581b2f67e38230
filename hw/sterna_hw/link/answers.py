"""How the handler of commands answers: the states that frames of all kinds go through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from amaranth.hdl import Const, Module, Signal, Value
from sterna.machine.machine import Machine
from sterna.machine.protocol import FAILURE_BITS, ErrorCode, FrameType

from sterna_hw.link.frames import FrameOutcome
from sterna_hw.link.session import Session

if TYPE_CHECKING:
    from sterna_hw.link.frame_kinds import FrameKind


class Answers:
    """One answer after the other, in the module of a `CommandHandler`.

    Kinds of frames go on from the state in which a frame is judged to states of their own, which
    end with `announce` of nothing to follow, with `send`, or in the state ``error``.

    Attributes:
        left: bytes of the payload that are to be sent. reported: the code of an error.
        can_fail: whether a memory can answer with an error.
    """

    def __init__(self, m: Module, machine: Machine, handler: Any, session: Session,
                 left: Signal) -> None:
        self.m, self.handler, self.session = m, handler, session
        self.left = left
        self.can_fail = machine.memory.can_fail
        self.reported = Signal(FAILURE_BITS if self.can_fail else ErrorCode, name="reported")
        self._finished = Signal(name="finished")
        m.d.sync += self._finished.eq(0)
        m.d.comb += [
            handler.outcomes.ready.eq(self._finished),
            handler.answers.payload.sequence.eq(handler.header.sequence),
        ]

    def announce(self, kind: FrameType | Value, length: Value | int, following: str | None) -> None:
        """Send the header of an answer, and go on to a state that sends its payload, if any."""
        m, handler = self.m, self.handler
        m.d.comb += [
            handler.answers.valid.eq(1),
            handler.answers.payload.type.eq(kind),
            handler.answers.payload.length.eq(length),
        ]
        m.d.sync += self.left.eq(length)
        with m.If(handler.answers.ready):
            if following is None:
                m.d.sync += self._finished.eq(1)
                m.next = "wait"
            else:
                m.next = following

    def send(self, byte: Value, valid: Value, until: int = 0) -> Value:
        """Send bytes until those of the session are left; true in a clock that sends one."""
        m, given = self.m, self.handler.answer_payload
        m.d.comb += [
            given.valid.eq(valid),
            given.payload.byte.eq(byte),
            given.payload.last.eq(self.left == 1),
        ]
        sent = valid & given.ready
        with m.If(sent):
            m.d.sync += self.left.eq(self.left - 1)
            with m.If(self.left == until + 1):
                if until:
                    m.next = "session"
                else:
                    m.d.sync += self._finished.eq(1)
                    m.next = "wait"
        return sent

    def build(self, kinds: Sequence[FrameKind], error: Signal, fault: Signal) -> None:
        """Add the states; the last of the kinds is that of a good frame of no other type."""
        m, handler = self.m, self.handler
        with m.FSM():
            with m.State("wait"):
                with m.If(handler.outcomes.valid & ~self._finished & ~handler.writes.valid):
                    m.next = "settle"
            with m.State("settle"):
                m.next = "judge"
            with m.State("judge"):
                self._judge(kinds, error, fault)
            with m.State("error"):
                self.announce(FrameType.ERROR, 1, "error code")
            with m.State("error code"):
                self.send(Value.cast(self.reported), Const(1))
            for kind in kinds:
                kind.add_states(m, self)
            with m.State("session"):
                m.d.comb += self.session.step.eq(self.send(self.session.byte, Const(1)))

    def _judge(self, kinds: Sequence[FrameKind], error: Signal, fault: Signal) -> None:
        m, handler = self.m, self.handler
        *others, last = sorted(kinds, key=lambda kind: kind.type == FrameType.RUN)
        m.d.sync += self.reported.eq(error)
        with m.If(handler.outcomes.payload == FrameOutcome.ABANDONED):
            m.d.sync += self._finished.eq(1)
            m.next = "wait"
        with m.Elif(fault):
            m.next = "error"
        if self.can_fail:
            with m.Elif((handler.header.type == FrameType.LOAD) & handler.failure.any()):
                m.d.comb += handler.failure_taken.eq(1)
                m.d.sync += self.reported.eq(handler.failure)
                m.next = "error"
        with m.Else():
            with m.Switch(handler.header.type):
                for kind in others:
                    with m.Case(kind.type):
                        kind.begin(m, self)
                with m.Default():
                    last.begin(m, self)

"""Frames of GENERATE and STOP in the handler of commands."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux
from sterna.machine.machine import Machine
from sterna.machine.protocol import FrameType

from sterna_hw.link.answers import Answers
from sterna_hw.link.frame_kinds import FrameKind, Received
from sterna_hw.link.info import SESSION_BYTES

ALONE = (FrameType.BEGIN, FrameType.LOAD, FrameType.READ, FrameType.RUN)
"""Frames for which no text is to be made meanwhile."""


class GenerateFrame(FrameKind):
    """Either type: hands payloads on, and the answers back.

    Frames of other types wait with their payloads until they have the units.
    """

    type = FrameType.GENERATE

    def __init__(self, m: Module, machine: Machine, handler: Any, received: Received) -> None:
        super().__init__(m, machine, handler, received)
        kind = handler.header.type
        m.d.comb += [
            handler.made_bytes.payload.eq(handler.payload.payload),
            handler.made_bytes.valid.eq(received.accepted & (
                (kind == FrameType.GENERATE) | (kind == FrameType.STOP))),
            handler.made_end.eq(handler.outcomes.valid & handler.outcomes.ready),
            handler.stops.eq(kind == FrameType.STOP),
        ]
        with m.Switch(kind):
            with m.Case(*ALONE):
                m.d.comb += handler.hold.eq(handler.payload.valid | (received.count != 0))
        with m.If(handler.hold & ~handler.held):
            m.d.comb += handler.payload.ready.eq(0)

    def judge(self, m: Module, right_length: Any, right_space: Any) -> None:
        m.d.comb += right_length.eq(1)

    def begin(self, m: Module, answers: Answers) -> None:
        m.next = "generate"

    def add_states(self, m: Module, answers: Answers) -> None:
        handler = self._handler
        with m.State("generate"):
            m.d.comb += handler.ask.eq(1)
            m.d.sync += answers.reported.eq(handler.refused)
            with m.If(handler.decided):
                m.next = "made"
                with m.If(handler.refused != 0):
                    m.next = "error"
        with m.State("made"):
            answers.announce(
                Mux(handler.stops, FrameType.STOP_ANSWER, FrameType.GENERATE_ANSWER),
                handler.length + SESSION_BYTES, "ids")
        with m.State("ids"):
            m.d.comb += handler.told.ready.eq(
                answers.send(handler.told.payload, handler.told.valid, SESSION_BYTES))


class StopFrame(FrameKind):
    """The other type, which goes the same way."""

    type = FrameType.STOP

    def judge(self, m: Module, right_length: Any, right_space: Any) -> None:
        m.d.comb += right_length.eq(1)

    def begin(self, m: Module, answers: Answers) -> None:
        m.next = "generate"

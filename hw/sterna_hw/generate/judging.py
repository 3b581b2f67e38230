"""What a frame of GENERATE or STOP asks for, and whether that can be."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from sterna.machine.generation import HEADER, ID_BYTES, REQUEST_BYTES, STOP, TAKE, Kind
from sterna.machine.machine import Machine
from sterna.machine.protocol import ErrorCode
from sterna.machine.units.generate import MOST_ENDS

from sterna_hw.generate.frame_bytes import FrameBytes
from sterna_hw.generate.texts import POSITION_BITS, Texts, window_of

ARGUMENTS = HEADER.size + TAKE.size
"""Bytes of a frame that are looked at together."""
START_BYTES = HEADER.size + REQUEST_BYTES
"""Those of START before its end tokens."""


class Judging:
    """The first bytes of a frame, and flags that are right two clocks after these.

    Attributes:
        arguments: the latest `ARGUMENTS` bytes; those of STOP are behind one that means nothing.
        ends: end tokens that START names.
        code: of the error, 0 for a good frame. new: START or PART that has not been carried out.
        ids: how many it has. offset, ahead: of TAKE and STOP, from what is acknowledged to the
            position, and from there to what is granted. more: TAKE grants more. saves: the newest
            slot is acknowledged, restores: STOP goes back to a slot, chosen is which.
    """

    def __init__(self, m: Module, machine: Machine, texts: Texts, frame: FrameBytes,
                 stops: Value) -> None:
        self.arguments = Signal(8 * ARGUMENTS, name="arguments", reset_less=True)
        self.ends = Signal(8, name="ends", reset_less=True)
        fields = self.arguments
        self.kind = fields[:8]
        self.stream = fields[8:16][:texts.stream_bits]
        self.number, self.position = fields[16:32], fields[32:64]
        self.count, self.granted = fields[64:80], fields[80:112]
        self.code = Signal(ErrorCode, name="found_error")
        self.new = Signal(name="is_new")
        self.ids = Signal(16, name="ids_given", reset_less=True)
        self.offset = Signal(POSITION_BITS, name="offset", reset_less=True)
        self.ahead = Signal(POSITION_BITS, name="ahead", reset_less=True)
        self.more = Signal(name="grants_more")
        self.saves, self.restores = (Signal(name=name) for name in ("saves", "restores"))
        self.chosen = Signal(name="chosen_slot")
        self._machine, self._texts, self._frame, self._stops = machine, texts, frame, stops
        self._judge(m)

    def _judge(self, m: Module) -> None:
        machine, frame, stops = self._machine, self._frame, self._stops
        text: Any = self._texts.text(self.stream)
        window, position = window_of(machine), self.position
        present = Signal(name="is_present")
        here = Signal(name="stream_there")
        known = Signal(name="kind_known")
        length = Signal(name="length_right")
        space = Signal(name="space_right")
        wanted = Signal(name="wants_request")
        given = Signal(16, name="frame_ids")
        m.d.comb += [
            here.eq(self.arguments[8:16] < machine.streams),
            present.eq(here & text.active & (text.number == self.number)),
            known.eq(1), wanted.eq(1), given.eq(frame.triples - HEADER.size // ID_BYTES),
        ]
        # Differences modulo 2**32 are taken a clock before they are looked at.
        m.d.sync += [
            self.offset.eq(position - text.acknowledged), self.ahead.eq(self.granted - position)]
        offset, ahead = self.offset, self.ahead
        near = Signal(name="is_told")
        m.d.comb += near.eq(offset <= text.told)
        slots = self._slots(m, text)
        with m.If(stops):
            told = Signal(POSITION_BITS, name="told_position")
            m.d.comb += [
                told.eq(text.acknowledged + text.told), length.eq(frame.count == STOP.size),
                space.eq((position >= text.given) & (position <= told)
                         & (~slots.wanted | slots.there)),
            ]
        with m.Else():
            with m.Switch(self.kind):
                with m.Case(Kind.START):
                    whole, odd = divmod(START_BYTES, ID_BYTES)
                    m.d.comb += [
                        given.eq(frame.triples - whole - self.ends),
                        length.eq((frame.odd == odd) & (frame.triples >= whole + self.ends)),
                        space.eq(here & given.any() & (given <= window)
                                 & (self.ends <= MOST_ENDS)),
                        wanted.eq(0),
                    ]
                with m.Case(Kind.PART):
                    m.d.comb += [
                        length.eq((frame.odd == HEADER.size % ID_BYTES)
                                  & (frame.count >= HEADER.size)),
                        space.eq((given <= window) & ((position < text.given) | (
                            (position == text.given) & ~text.begun))),
                    ]
                with m.Case(Kind.TAKE):
                    choice = self._texts.choice(self.stream)
                    m.d.comb += [
                        length.eq(frame.count == HEADER.size + TAKE.size),
                        space.eq(near & (self.count <= ahead) & (ahead <= window)
                                 & ~(choice.candidates & (ahead > 1))),
                    ]
                with m.Default():
                    m.d.comb += known.eq(0)
        m.d.sync += [
            self.ids.eq(given),
            self.new.eq(Mux(self.kind == Kind.START, ~present, position == text.given)),
            self.more.eq(offset + ahead > text.granted),
            self.saves.eq(~text.ended & slots.acknowledged & (text.read != slots.newest)),
            self.restores.eq(slots.wanted), self.chosen.eq(slots.chosen),
            self.code.eq(0),
        ]
        with m.If(~stops & (frame.count < HEADER.size)):
            m.d.sync += self.code.eq(ErrorCode.LENGTH)
        with m.Elif(~known):
            m.d.sync += self.code.eq(ErrorCode.TYPE)
        with m.Elif(~length):
            m.d.sync += self.code.eq(ErrorCode.LENGTH)
        with m.Elif(wanted & ~present):
            m.d.sync += self.code.eq(ErrorCode.REQUEST)
        with m.Elif(~space):
            m.d.sync += self.code.eq(ErrorCode.SPACE)

    def _slots(self, m: Module, text: Any) -> _Slots:
        """What the slots have to do with the position."""
        found = _Slots()
        before = Signal(2, name="slots_before")
        found.newest = Mux(text.newer, text.slots[1], text.slots[0])
        m.d.comb += [
            before.eq(_both(text.slots[0] < self.position, text.slots[1] < self.position)),
            found.acknowledged.eq(Mux(text.newer, before[1], before[0])),
            found.wanted.eq(text.read >= self.position),
            found.chosen.eq(Mux(found.acknowledged, text.newer, ~text.newer)),
            found.there.eq(found.acknowledged
                           | (text.both & Mux(text.newer, before[0], before[1]))),
        ]
        return found


class _Slots:
    """``acknowledged``: the newest is before the position. ``wanted``: so is not what was read.

    ``chosen``, if one is ``there``: the newer of those before the position.
    """

    def __init__(self) -> None:
        self.newest: Any = None
        self.acknowledged, self.wanted, self.there, self.chosen = (
            Signal(name=name) for name in
            ("slot_acknowledged", "slot_wanted", "slot_there", "slot_chosen"))


def _both(first: Value, second: Value) -> Value:
    return first | second << 1

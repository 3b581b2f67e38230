"""What a frame of GENERATE or STOP asks for, and whether that can be."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from sterna.machine.generation import (
    HEADER,
    ID_BYTES,
    REQUEST_BYTES,
    STOP,
    TAKE,
    Kind,
    slot_distance,
)
from sterna.machine.machine import Machine
from sterna.machine.protocol import ErrorCode
from sterna.machine.units.generate import MOST_ENDS

from sterna_hw.generate.frame_bytes import FrameBytes
from sterna_hw.generate.texts import POSITION_BITS, Texts, window_of

ARGUMENTS = HEADER.size + TAKE.size
"""Bytes of a frame that are looked at together."""
START_BYTES = HEADER.size + REQUEST_BYTES
"""Those of START before its end tokens."""
SETTLES = 9
"""Clocks until a frame is judged: six differences, what is known of them, and what follows."""


class Judging:
    """The first bytes of a frame, and flags that are right after `SETTLES` clocks of ``step``.

    Positions are subtracted one pair a clock.

    Attributes:
        arguments: the latest `ARGUMENTS` bytes; those of STOP are behind one that means nothing.
        ends: end tokens that START names.
        code: of the error, 0 for a good frame. new: START or PART that has not been carried out.
        ids: how many it has. offset, ahead: of a good TAKE and STOP, from what is acknowledged to
            the position, and from there to what is granted; below: the position is before what is
            acknowledged. more: TAKE grants more. saves: the newest slot is far enough behind,
            restores: STOP goes back to a slot, chosen is which.
    """

    def __init__(self, m: Module, machine: Machine, texts: Texts, frame: FrameBytes,
                 stops: Value, step: Value) -> None:
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
        near = texts.texts[0].made.shape()
        self.offset = Signal(near, name="offset", reset_less=True)
        self.ahead = Signal(near, name="ahead", reset_less=True)
        self.below = Signal(name="below", reset_less=True)
        self.more = Signal(name="grants_more")
        self.saves, self.restores = (Signal(name=name) for name in ("saves", "restores"))
        self.chosen = Signal(name="chosen_slot")
        self._machine, self._texts, self._frame, self._stops = machine, texts, frame, stops
        self._judge(m, _Places(m, self, texts.text(self.stream), window_of(machine), step))

    def _judge(self, m: Module, places: _Places) -> None:
        machine, frame, stops = self._machine, self._frame, self._stops
        text: Any = self._texts.text(self.stream)
        window, offset, ahead = window_of(machine), self.offset, self.ahead
        present = Signal(name="is_present")
        here = Signal(name="stream_there")
        known = Signal(name="kind_known")
        length = Signal(name="length_right")
        space = Signal(name="space_right")
        wanted = Signal(name="wants_request")
        told = Signal(name="is_told")
        given = Signal(16, name="frame_ids")
        m.d.comb += [
            here.eq(self.arguments[8:16] < machine.streams),
            present.eq(here & text.active & (text.number == self.number)),
            known.eq(1), wanted.eq(1), given.eq(frame.triples - HEADER.size // ID_BYTES),
            told.eq(~places.far & (offset <= text.told)),
        ]
        slots = self._slots(m, text, places)
        with m.If(stops):
            m.d.comb += [
                length.eq(frame.count == STOP.size),
                space.eq(~places.given_behind & (self.below | told)
                         & (~places.read | slots.there)),
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
                        space.eq((given <= window) & (
                            places.given_behind | (places.given & ~text.begun))),
                    ]
                with m.Case(Kind.TAKE):
                    choice = self._texts.choice(self.stream)
                    m.d.comb += [
                        length.eq(frame.count == HEADER.size + TAKE.size),
                        space.eq(told & ~self.below & (self.count <= ahead) & ~places.granted_far
                                 & (ahead <= window) & ~(choice.candidates & ahead[1:].any())),
                    ]
                with m.Default():
                    m.d.comb += known.eq(0)
        m.d.sync += [
            self.ids.eq(given),
            self.new.eq(Mux(self.kind == Kind.START, ~present, places.given)),
            self.more.eq(offset + ahead > text.granted),
            self.saves.eq(~text.ended & Mux(text.newer, places.distant[1], places.distant[0])),
            self.restores.eq(places.read), self.chosen.eq(slots.chosen),
            self.code.eq(0),
        ]
        faults = Signal(5, name="frame_faults", reset_less=True)
        m.d.sync += faults.eq(Cat(~stops & (frame.count < HEADER.size), ~known, ~length,
                                  wanted & ~present, ~space))
        codes = (ErrorCode.LENGTH, ErrorCode.TYPE, ErrorCode.LENGTH, ErrorCode.REQUEST,
                 ErrorCode.SPACE)
        for number, code in reversed([*enumerate(codes)]):
            with m.If(faults[number]):
                m.d.sync += self.code.eq(code)

    def _slots(self, m: Module, text: Any, places: _Places) -> _Slots:
        """What the slots have to do with the position."""
        found, before = _Slots(), places.before
        newest = Mux(text.newer, before[1], before[0])
        m.d.comb += [
            found.chosen.eq(Mux(newest, text.newer, ~text.newer)),
            found.there.eq(newest | (text.both & Mux(text.newer, before[0], before[1]))),
        ]
        return found


class _Places:
    """Where the position of a frame is beside those of a text.

    Of what is acknowledged, ``far``: it is more than a window away, and ``granted_far``: so is what
    is granted from it. ``given_behind``, ``given``: it is before what was given, or there.
    ``read``: that or more was read. ``before``, ``distant``: each slot is before it, and so far
    that another is to be written.
    """

    def __init__(self, m: Module, judging: Judging, text: Any, window: int, step: Value) -> None:
        self.far, self.granted_far, self.given_behind, self.given, self.read = (
            Signal(name=name, reset_less=True) for name in
            ("far", "granted_far", "given_behind", "is_given", "is_read"))
        self.before, self.distant = (
            Signal(2, name=name, reset_less=True) for name in ("slots_before", "slots_distant"))
        position, near = judging.position, len(judging.offset)
        right = Signal(POSITION_BITS, name="subtrahend")
        left = Mux(step == 1, judging.granted, position)
        others = (text.acknowledged, position, text.given, text.read, text.slots[0], text.slots[1])
        assert len(others) + 3 == SETTLES
        with m.Switch(step):
            for number, other in enumerate(others):
                with m.Case(number):
                    m.d.comb += right.eq(other)
        difference = Signal(POSITION_BITS + 1, name="difference", reset_less=True)
        m.d.sync += difference.eq(left - right)
        below, zero, far, distant = (
            Signal(name=name) for name in ("is_below", "is_zero", "is_far", "is_distant"))
        m.d.comb += [
            below.eq(difference[-1]), zero.eq(~difference.any()),
            far.eq(difference[near:].any()),
            distant.eq(~below & (far | (difference[:near] >= slot_distance(window)))),
        ]
        with m.Switch(step):
            with m.Case(1):
                m.d.sync += [
                    judging.offset.eq(difference), judging.below.eq(below), self.far.eq(far)]
            with m.Case(2):
                m.d.sync += [judging.ahead.eq(difference), self.granted_far.eq(far)]
            with m.Case(3):
                m.d.sync += [self.given_behind.eq(below), self.given.eq(zero)]
            with m.Case(4):
                m.d.sync += self.read.eq(below | zero)
            for number in (0, 1):
                with m.Case(5 + number):
                    m.d.sync += [self.before[number].eq(~below & ~zero),
                                 self.distant[number].eq(distant)]


class _Slots:
    """``chosen``, if one is ``there``: the newer of the slots before the position."""

    def __init__(self) -> None:
        self.there, self.chosen = (
            Signal(name=name) for name in ("slot_there", "slot_chosen"))

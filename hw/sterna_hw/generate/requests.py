"""Carries out what frames of GENERATE and STOP ask for."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from sterna.law.sampling import SHARE_BITS
from sterna.machine.generation import HEADER, ID_BYTES, Kind
from sterna.machine.machine import Machine
from sterna.machine.units.generate import MOST_ENDS

from sterna_hw.generate.frame_bytes import FrameBytes
from sterna_hw.generate.id_store import IdStore
from sterna_hw.generate.judging import ARGUMENTS, SETTLES, START_BYTES, Judging
from sterna_hw.generate.loop import Loop
from sterna_hw.generate.slots import Slots
from sterna_hw.generate.telling import Telling
from sterna_hw.generate.texts import Texts

FIELDS = (14, 22, 34, 40)
"""Bytes of a request after which the latest are put into registers."""


class Requests:
    """A frame at a time, in the module that makes texts; the loop is held meanwhile.

    START saves the state of its stream, PART and START then wait until their ids are read, TAKE
    until there are ids enough.

    Latency: 29 clocks until a frame is judged; START takes 50 more, and three for an end token,
    beside what `Slots` and the RUNs take.

    Args:
        ports: members that `generation_members` has, as who answers sees them.
    """

    def __init__(self, m: Module, machine: Machine, ports: Any, texts: Texts, loop: Loop,
                 frame: FrameBytes, ids: IdStore, slots: Slots, telling: Telling) -> None:
        self._machine, self._ports, self._texts, self._loop = machine, ports, texts, loop
        self._frame, self._ids, self._slots, self._telling = frame, ids, slots, telling
        self._step = Signal(range(START_BYTES), name="byte_step")
        self._judging = Judging(m, machine, texts, frame, ports.stops, self._step)
        self.holds = Signal(name="requests_hold")
        self._stream = Signal(texts.stream_bits, name="request_stream", reset_less=True)
        self._place = Signal.like(frame.place, name="frame_place")
        self._left = Signal(16, name="ids_left", reset_less=True)
        self._ends_left = Signal(MOST_ENDS.bit_length(), name="ends_left", reset_less=True)
        self._starts = Signal(name="starts", reset_less=True)
        self._build(m)

    def _build(self, m: Module) -> None:
        judging, loop, slots, ports = self._judging, self._loop, self._slots, self._ports
        latest = judging.arguments[-8 * ID_BYTES:]
        m.d.comb += [
            self._frame.place.eq(self._place), loop.prompt.payload.eq(latest),
            loop.prompt_stream.eq(self._stream), slots.stream.eq(self._stream),
            self._ids.new_end.eq(latest),
        ]
        with m.FSM(name="requests"):
            with m.State("wait"):
                m.d.sync += self._place.eq(START_BYTES - 1)
                with m.If(ports.ask):
                    m.d.sync += self.holds.eq(1)
                    m.next = "ends"
            with m.State("ends"):
                # STOP has no kind, which is before what the others have.
                m.d.sync += [
                    judging.ends.eq(self._frame.byte), self._place.eq(Mux(ports.stops, -1, 0)),
                    self._step.eq(0),
                ]
                m.next = "header"
            with m.State("header"):
                m.d.sync += [self._place.eq(self._place + 1), self._step.eq(self._step + 1)]
                with m.If(self._step != 0):
                    self._shift(m)
                with m.If(self._step == ARGUMENTS):
                    m.next = "hold"
            with m.State("hold"):
                m.d.sync += [self._stream.eq(judging.stream), self._step.eq(0)]
                with m.If(loop.held):
                    m.next = "settle"
            with m.State("settle"):
                m.d.sync += self._step.eq(self._step + 1)
                with m.If(self._step == SETTLES - 1):
                    m.next = "act"
            with m.State("act"):
                self._act(m)
            self._keep(m)
            self._take_fields(m)
            self._read_ids(m)
            self._answer(m)

    def _text(self) -> Any:
        return self._texts.text(self._stream)

    def _shift(self, m: Module) -> None:
        arguments = self._judging.arguments
        m.d.sync += arguments.eq(Cat(arguments[8:], self._frame.byte))

    def _refuse(self, m: Module, code: Value) -> None:
        m.d.comb += [self._ports.decided.eq(1), self._ports.refused.eq(code)]
        m.d.sync += self.holds.eq(0)
        m.next = "wait"

    def _act(self, m: Module) -> None:
        """On a frame that is judged, while the loop is held."""
        judging, text = self._judging, self._text()
        position = judging.position
        m.d.sync += [
            self._step.eq(0), self._left.eq(judging.ids), self._ends_left.eq(0),
            self._starts.eq(0),
        ]
        with m.If(self._loop.broken.any()):
            self._refuse(m, self._loop.broken)
        with m.Elif(judging.code.any()):
            self._refuse(m, judging.code)
        with m.Elif(self._ports.stops):
            below = judging.below
            place = Mux(below, 0, judging.offset)
            m.d.sync += [
                text.ended.eq(1), text.begun.eq(1),
                text.made.eq(place), text.told.eq(place), text.granted.eq(place),
            ]
            with m.If(below):
                m.d.sync += text.acknowledged.eq(position)
            m.next = "told read"
            with m.If(judging.restores):
                m.d.sync += [
                    self._slots.slot.eq(judging.chosen),
                    text.read.eq(Mux(judging.chosen, text.slots[1], text.slots[0])),
                ]
                m.next = "restore"
        with m.Elif(judging.kind == Kind.TAKE):
            m.d.sync += [
                text.acknowledged.eq(position), text.told.eq(text.told - judging.offset),
                text.made.eq(text.made - judging.offset),
                text.granted.eq(text.granted - judging.offset),
            ]
            m.next = "grant"
            with m.If(judging.more):
                m.d.sync += [text.granted.eq(judging.ahead), text.begun.eq(1)]
                with m.If(judging.saves):
                    m.d.sync += [
                        self._slots.slot.eq(~text.newer), text.newer.eq(~text.newer),
                        text.both.eq(1),
                    ]
                    m.next = "save"
        with m.Elif(~judging.new):
            m.next = "told given"
        with m.Elif(judging.kind == Kind.START):
            m.d.sync += [
                text.active.eq(1), text.begun.eq(0), text.pending.eq(0),
                text.number.eq(judging.number), text.read.eq(position),
                text.made.eq(0), text.told.eq(0), text.granted.eq(0),
                text.newer.eq(0), text.both.eq(0),
                self._slots.slot.eq(0), self._starts.eq(1), self._ends_left.eq(judging.ends),
                self._place.eq(ARGUMENTS),
            ]
            m.next = "save"
        with m.Else():
            m.d.sync += self._place.eq(HEADER.size)
            m.next = "id"

    def _keep(self, m: Module) -> None:
        """Write a slot, or go back to it."""
        slots, text = self._slots, self._text()
        with m.State("save"):
            m.d.comb += slots.save.eq(1)
            for number in (0, 1):
                with m.If(slots.slot == number):
                    m.d.sync += text.slots[number].eq(text.read)
            m.next = "saving"
        with m.State("saving"):
            with m.If(slots.done):
                m.next = "grant"
                with m.If(self._starts):
                    m.d.sync += self._place.eq(self._place + 1)
                    m.next = "fields"
        with m.State("restore"):
            m.d.comb += slots.restore.eq(1)
            m.next = "restoring"
        with m.State("restoring"):
            with m.If(slots.done):
                m.next = "told read"

    def _take_fields(self, m: Module) -> None:
        """Read what START says behind its position, of which the first bytes have been read."""
        texts, arguments, machine = self._texts, self._judging.arguments, self._machine
        text, choice = self._text(), texts.choice(self._stream)
        done = ARGUMENTS - HEADER.size

        def fields(count: int, *sizes: int) -> list[Value]:
            """The latest bytes, cut."""
            rest, found = arguments[-8 * count:], []
            for size in sizes:
                found.append(rest[:8 * size])
                rest = rest[8 * size:]
            return found

        most = machine.head.top_k
        least = Signal(range(most + 1), name="rows_of_head", reset_less=True)
        m.d.sync += least.eq(
            Mux(texts.rows[len(least):].any() | (texts.rows[:len(least)] > most), most, texts.rows))
        with m.State("fields"):
            m.d.sync += self._step.eq(self._step + 1)
            with m.If(self._step != FIELDS[-1] - done):
                self._shift(m)
            with m.If(self._step < FIELDS[-1] - done - 1):
                m.d.sync += self._place.eq(self._place + 1)
            with m.Switch(self._step):
                with m.Case(FIELDS[0] - done):
                    entry, row_words, rows, mantissa = fields(14, 2, 4, 4, 4)
                    m.d.sync += [
                        texts.entry.eq(entry), texts.row_words.eq(row_words), texts.rows.eq(rows),
                        choice.sharpness.mantissa.eq(mantissa),
                    ]
                with m.Case(FIELDS[1] - done):
                    exponent, count, share = fields(8, 2, 2, 4)
                    few = Signal.like(least, name="count_there")
                    m.d.comb += few.eq(Mux(count > least, least, count))
                    m.d.sync += [
                        choice.sharpness.exponent.eq(exponent),
                        choice.count.eq(Mux(few == 0, 1, few)),
                        choice.share.eq(Mux(share[SHARE_BITS:].any(), 1 << SHARE_BITS, share)),
                    ]
                with m.Case(FIELDS[2] - done):
                    seed, number = fields(12, 8, 4)
                    m.d.sync += [choice.seed.eq(seed), choice.text.eq(number)]
                with m.Case(FIELDS[3] - done):
                    most_ids, candidates, _ = fields(6, 4, 1, 1)
                    m.d.sync += [
                        text.left.eq(most_ids), text.ended.eq(most_ids == 0),
                        choice.candidates.eq(candidates.any()), choice.ends.eq(self._ends_left),
                    ]
                    m.next = "id"

    def _read_ids(self, m: Module) -> None:
        """End tokens, then ids that the loop reads."""
        loop, text = self._loop, self._text()
        with m.State("id"):
            m.d.sync += [self._place.eq(self._place + 1), self._step.eq(0)]
            m.next = "id bytes"
            with m.If((self._ends_left == 0) & (self._left == 0)):
                m.next = "all read"
        with m.State("id bytes"):
            self._shift(m)
            m.d.sync += self._step.eq(self._step + 1)
            with m.If(self._step == ID_BYTES - 1):
                m.next = "prompt"
                with m.If(self._ends_left != 0):
                    m.next = "end"
            with m.Else():
                m.d.sync += self._place.eq(self._place + 1)
        with m.State("end"):
            m.d.comb += [
                self._ids.end_write.eq(1), self._ids.end.eq(self._ends_left - 1),
                self._ids.end_stream.eq(self._stream),
            ]
            m.d.sync += self._ends_left.eq(self._ends_left - 1)
            m.next = "id"
        with m.State("prompt"):
            m.d.comb += loop.prompt.valid.eq(1)
            m.d.sync += self.holds.eq(0)
            with m.If(loop.broken.any()):
                self._refuse(m, loop.broken)
            with m.Elif(loop.prompt.ready):
                m.d.sync += self._left.eq(self._left - 1)
                m.next = "id"
        with m.State("all read"):
            m.d.sync += [text.given.eq(text.read), text.acknowledged.eq(text.read)]
            m.next = "told given"

    def _answer(self, m: Module) -> None:
        """Say how far a text is; of TAKE when there are ids enough, or no more."""
        judging, telling, loop, text = self._judging, self._telling, self._loop, self._text()
        candidates = self._texts.choice(self._stream).candidates

        def tell(position: Value, ended: Value, count: Value | int) -> None:
            m.d.sync += [telling.position.eq(position), telling.ended.eq(ended),
                         telling.count.eq(count)]
            m.next = "decide"

        m.d.comb += [self._ports.length.eq(telling.length), telling.stream.eq(self._stream),
                     telling.candidates.eq(candidates)]
        with m.State("told given"):
            tell(text.given, text.ended, 0)
        with m.State("told read"):
            tell(text.read, Const(1), 0)
        with m.State("grant"):
            m.d.sync += self.holds.eq(0)
            with m.If(loop.broken.any()):
                self._refuse(m, loop.broken)
            with m.Elif(text.ended | (text.made >= judging.count)):
                m.d.sync += self.holds.eq(candidates)
                m.next = "enough"
        with m.State("enough"):
            few = text.made < judging.count
            count = Mux(few, text.made, judging.count)
            with m.If(~candidates | loop.held):
                tell(judging.position + count, text.ended & (text.made <= judging.count), count)
                with m.If(text.told < count):
                    m.d.sync += text.told.eq(count)
        with m.State("decide"):
            m.d.comb += [self._ports.decided.eq(1), telling.start.eq(1)]
            m.next = "telling"
        with m.State("telling"):
            with m.If(telling.idle):
                m.d.sync += self.holds.eq(0)
                m.next = "wait"

"""The payload of an answer to GENERATE and STOP."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from sterna.machine.generation import ID_BYTES, TOLD_BYTES
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS

from sterna_hw.generate.choice import Choice
from sterna_hw.generate.id_store import IdStore
from sterna_hw.generate.texts import ID_BITS, POSITION_BITS, Texts, window_of

WORD_BYTES = CHUNK_BITS // 8


class Telling:
    """Sends position and flag, ids, and behind each the head's words where they are wanted.

    Throughput: a byte a clock, and two clocks before each id and each word.

    Attributes:
        position, ended: as in `Told`. count: ids of ``stream``, which are those before the
            position. candidates: the head's words follow each.
        length: bytes of all this, in the clock after. start: begin; what is above is steady until
            ``idle``.
    """

    def __init__(self, m: Module, machine: Machine, told: Any, texts: Texts, choice: Choice,
                 ids: IdStore) -> None:
        self._machine, self._told, self._choice, self._ids = machine, told, choice, ids
        self.position = Signal(POSITION_BITS, name="told_end", reset_less=True)
        self.ended = Signal(name="told_ended", reset_less=True)
        self.count = Signal(texts.texts[0].made.shape(), name="told_count", reset_less=True)
        self.stream = Signal(texts.stream_bits, name="told_stream", reset_less=True)
        self.candidates = Signal(name="told_candidates", reset_less=True)
        self.length = Signal(16, name="told_length")
        self.start = Signal(name="start_telling")
        self.idle = Signal(name="telling_idle")
        self._build(m)

    def _build(self, m: Module) -> None:
        words = self._machine.head.result_words(self._machine)
        ids, choice, told = self._ids, self._choice, self._told
        left = Signal.like(self.count, name="tell_left", reset_less=True)
        place = Signal((window_of(self._machine) - 1).bit_length(), name="tell_place",
                       reset_less=True)
        word = Signal(range(words + 1), name="tell_word", reset_less=True)
        shift = Signal(8 * TOLD_BYTES, name="tell_bytes", reset_less=True)
        more = Signal(range(TOLD_BYTES), name="tell_more", reset_less=True)
        # Of a request with candidates one id is told at most.
        m.d.sync += self.length.eq(TOLD_BYTES + self.count * ID_BYTES + Mux(
            self.candidates & self.count.any(), WORD_BYTES * words, 0))
        m.d.comb += [
            ids.read_stream.eq(self.stream), ids.read_position.eq(place), choice.index.eq(word),
            told.payload.eq(shift[:8]),
        ]
        with m.FSM(name="telling"):
            with m.State("wait"):
                m.d.comb += self.idle.eq(~self.start)
                m.d.sync += [
                    shift.eq(Cat(self.position, self.ended)), more.eq(TOLD_BYTES - 1),
                    left.eq(self.count), place.eq(self.position - self.count), word.eq(words),
                ]
                with m.If(self.start):
                    m.next = "bytes"
            with m.State("bytes"):
                m.d.comb += told.valid.eq(1)
                with m.If(told.ready):
                    m.d.sync += [shift.eq(shift >> 8), more.eq(more - 1)]
                    with m.If(more == 0):
                        m.next = "fetch"
            with m.State("fetch"):
                m.next = "take"
                with m.If(word != words):  # nothing is chosen meanwhile
                    m.d.comb += choice.stream.eq(self.stream)
                with m.If((left == 0) & (word == words)):
                    m.next = "wait"
            with m.State("take"):
                m.next = "bytes"
                with m.If(word != words):
                    m.d.sync += [
                        shift.eq(choice.word), more.eq(WORD_BYTES - 1), word.eq(word + 1)]
                with m.Else():
                    m.d.sync += [
                        shift.eq(Cat(ids.id, Const(0, 1))), more.eq(ID_BYTES - 1),
                        left.eq(left - 1), place.eq(place + 1)]
                    with m.If(self.candidates):
                        m.d.sync += word.eq(0)
        assert len(ids.id) == ID_BITS

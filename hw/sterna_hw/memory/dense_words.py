"""Words cut out of dense beats, as many as there are."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.memory.gearbox import Gearbox


class DenseWords(Component):
    """The first ``depth`` words of a stream of beats, which lie byte after byte without padding.

    Throughput: a beat a clock, or a word a clock; latency that of the `Gearbox`.

    Members:
        restart: In(1), the next beat begins word 0. Before the first restart there are no words.
        beats: In, stream of unsigned(8 * beat_bytes). words: Out, stream of
            unsigned(8 * word_bytes); nothing follows the last word.

    Args:
        beat_bytes: bytes of a beat, a power of two. word_bytes: bytes of a word. depth: words.
    """

    def __init__(self, beat_bytes: int, word_bytes: int, depth: int) -> None:
        self._beat_bytes, self._word_bytes, self._depth = beat_bytes, word_bytes, depth
        super().__init__({
            "restart": In(1),
            "beats": In(stream.Signature(8 * beat_bytes)),
            "words": Out(stream.Signature(8 * word_bytes)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # What is wider than a word enters the gearbox in parts.
        part_bytes = self._beat_bytes
        while part_bytes > self._word_bytes:
            part_bytes //= 2
        parts = self._beat_bytes // part_bytes
        m.submodules.gearbox = gearbox = Gearbox(part_bytes, self._word_bytes)
        m.d.comb += [
            gearbox.restart.eq(self.restart),
            gearbox.i.valid.eq(self.beats.valid),
        ]
        if parts == 1:
            m.d.comb += [
                gearbox.i.payload.eq(self.beats.payload),
                self.beats.ready.eq(gearbox.i.ready),
            ]
        else:
            part = Signal(range(parts))
            m.d.comb += [
                gearbox.i.payload.eq(self.beats.payload.word_select(part, 8 * part_bytes)),
                self.beats.ready.eq(gearbox.i.ready & (part == parts - 1)),
            ]
            with m.If(self.beats.valid & gearbox.i.ready):
                m.d.sync += part.eq(part + 1)
            with m.If(self.restart):
                m.d.sync += part.eq(0)

        left = Signal(range(self._depth + 1))
        wanted = Signal()
        m.d.comb += [
            wanted.eq(left != 0),
            self.words.payload.eq(gearbox.o.payload),
            self.words.valid.eq(gearbox.o.valid & wanted),
            gearbox.o.ready.eq(self.words.ready & wanted),
        ]
        with m.If(self.words.valid & self.words.ready):
            m.d.sync += left.eq(left - 1)
        with m.If(self.restart):
            m.d.sync += left.eq(self._depth)
        return m

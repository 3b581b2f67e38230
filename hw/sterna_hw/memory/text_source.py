"""Words of a memory that several texts read, each at a place of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Array, Const, Module, Shape, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.loadable import LoadableMemory
from sterna_hw.stream import connect_streams


class TextSource(Component):
    """A `LateSource` with a place in its memory for each text, of which one is read in a clock.

    Members:
        restart: In(1), all texts start again; base_<n>: In(range(depth)), at that word.
        show: In(range(texts)), whose word is read in this clock.
        take: In(texts), that text goes on to its next word; after the last one comes word 0.
        word: Out, ``shape``: what was read ``word_delay`` clocks ago.
        writes: In, stream of `WriteChunk`, always ready; see `LoadableMemory`.

    Args:
        texts: how many.
        shape, depth, space, word_delay, initial, staged, parts: see `LateSource`.
    """

    def __init__(self, texts: int, shape: Any, depth: int, space: int, word_delay: int,
                 initial: Sequence[int] = (), staged: bool = True, parts: int = 1) -> None:
        if not 1 <= word_delay <= 3:
            raise ValueError(f"a word comes 1 to 3 clocks late, not {word_delay}")
        self.word_delay = word_delay
        self._texts, self._shape, self._depth, self._space = texts, shape, depth, space
        self._initial, self._staged, self._parts = initial, staged, parts
        super().__init__({
            "restart": In(1),
            **{f"base_{text}": In(range(depth)) for text in range(texts)},
            "show": In(range(texts)), "take": In(texts),
            "word": Out(shape),
            "writes": In(stream.Signature(WriteChunk)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        width, spread = Shape.cast(self._shape).width, self.word_delay == 3
        m.submodules.memory = memory = LoadableMemory(
            width, self._depth, self._space, self._initial, True, spread, self._staged,
            self._parts)
        connect_streams(m, self.writes, memory.writes)

        places = Array(Signal(range(self._depth), name=f"place_{text}")
                       for text in range(self._texts))
        for text, place in enumerate(places):
            with m.If(self.take[text]):
                with m.If(place == self._depth - 1):
                    m.d.sync += place.eq(0)
                with m.Else():
                    m.d.sync += place.eq(place + 1)
            with m.If(self.restart):
                m.d.sync += place.eq(getattr(self, f"base_{text}"))

        address = Signal(range(self._depth), reset_less=spread)
        m.d["sync" if spread else "comb"] += address.eq(places[self.show])
        m.d.comb += [memory.address.eq(address), memory.enable.eq(Const(1))]
        word = memory.data
        if self.word_delay > 1:
            word = Signal(width, reset_less=True)
            m.d.sync += word.eq(memory.data)
        m.d.comb += Value.cast(self.word).eq(word)
        return m

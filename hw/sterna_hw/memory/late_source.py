"""Words of a memory as a stream whose payload comes later than its transfer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Const, Module, Shape, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.loadable import LoadableMemory
from sterna_hw.stream import connect_streams


class LateSource(Component):
    """As `SequentialSource`, for consumers that can wait for the payload.

    A stream of payloads that wait must stop each of their registers and block RAMs in the clock in
    which the consumer stops. Here a transfer only steps the address; address, memory and word run
    free behind it, so the path from the consumer ends at ten flip-flops instead of thousands.

    Members:
        restart: In(1), start again at ``base``; that word is offered in the next clock.
        base: In(range(depth)).
        words: Out, stream of ``shape`` that always offers one, from word 0 on before the first
            restart. The payload in clock t is the word that was offered in clock
            t - ``word_delay``.
        writes: In, stream of `WriteChunk`, always ready; see `LoadableMemory`.

    Args:
        shape: payload shape of ``words``; word bits are its bits.
        depth: words; after the last one comes word 0.
        space: which writes are meant.
        word_delay: clocks from a transfer to its payload, 1 to 3: the memory, a register behind it,
            and a register before it as well, for a memory that lies all over the die.
        initial: words at power up, from word 0 on.
        large, staged, parts: see `LoadableMemory`.
    """

    def __init__(self, shape: Any, depth: int, space: int, word_delay: int,
                 initial: Sequence[int] = (), large: bool = False, staged: bool = True,
                 parts: int = 1) -> None:
        if not 1 <= word_delay <= 3:
            raise ValueError(f"a word comes 1 to 3 clocks late, not {word_delay}")
        self.word_delay = word_delay
        self._shape = shape
        self._depth = depth
        self._space = space
        self._initial = initial
        self._large = large
        self._staged = staged
        self._parts = parts
        super().__init__({
            "restart": In(1),
            "base": In(range(depth)),
            "words": Out(stream.Signature(shape, always_valid=True)),
            "writes": In(stream.Signature(WriteChunk)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        width, spread = Shape.cast(self._shape).width, self.word_delay == 3
        m.submodules.memory = memory = LoadableMemory(
            width, self._depth, self._space, self._initial, self._large, spread,
            self._staged, self._parts)
        connect_streams(m, self.writes, memory.writes)

        address = Signal(range(self._depth))
        with m.If(self.words.ready):
            with m.If(address == self._depth - 1):
                m.d.sync += address.eq(0)
            with m.Else():
                m.d.sync += address.eq(address + 1)
        with m.If(self.restart):
            m.d.sync += address.eq(self.base)

        m.d.comb += [memory.address.eq(address), memory.enable.eq(Const(1))]
        if spread:
            spread_address = Signal.like(address, reset_less=True)
            m.d.sync += spread_address.eq(address)
            m.d.comb += memory.address.eq(spread_address)
        word = memory.data
        if self.word_delay > 1:
            word = Signal(width, reset_less=True)
            m.d.sync += word.eq(memory.data)
        m.d.comb += self.words.payload.eq(word)
        return m

"""Words of a loadable memory as a stream: weights, constants and input rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Const, Module, Shape, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk
from sterna_hw.memory.loadable import LoadableMemory
from sterna_hw.stream import connect_streams


class SequentialSource(Component):
    """The interface of every weight source, and its implementation in block RAM.

    After ``restart`` the source delivers the words ``base``, ``base + 1``, … without end, one a
    clock, and fetches ahead of the consumer. After the last word of the memory comes word 0; where
    it is ``cyclic``, after word ``last`` comes ``base``.
    Consumers know the order and never send an address, so any memory can stand behind these
    members:

    Members:
        restart: In(1), start again at ``base``; words on their way are dropped. The first word is
            offered three clocks later; a word offered in the clock of the restart may still be
            taken. Before the first restart nothing is offered.
        base: In(range(depth)), address of the first word, looked at while ``restart`` is high.
        last: In(range(depth)), that of the last, likewise. Only where it is cyclic.
        words: Out, stream of ``shape``; leaves a register.
        writes: In, stream of `WriteChunk`, always ready; see `LoadableMemory`. Load before restart.

    The latency in clocks from restart to the first word is `LATENCY`; other memories may take any
    time, as ``words`` is a stream.

    Args:
        shape: payload shape of ``words``; word bits are its bits.
        depth: words.
        space: which writes are meant.
        initial: words at power up, from word 0 on.
        large, staged: see `LoadableMemory`.
        cyclic: see above.
    """

    LATENCY = 3

    def __init__(self, shape: Any, depth: int, space: int, initial: Sequence[int] = (),
                 large: bool = False, staged: bool = True, cyclic: bool = False) -> None:
        self._width = Shape.cast(shape).width
        self._depth = depth
        self._space = space
        self._initial = initial
        self._large = large
        self._staged = staged
        self._cyclic = cyclic
        super().__init__({
            "restart": In(1),
            "base": In(range(depth)),
            **({"last": In(range(depth))} if cyclic else {}),
            "words": Out(stream.Signature(shape)),
            "writes": In(stream.Signature(WriteChunk)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.memory = memory = LoadableMemory(
            self._width, self._depth, self._space, self._initial, self._large,
            staged=self._staged)
        connect_streams(m, self.writes, memory.writes)

        running = Signal()
        fetched = Signal()
        address = Signal(range(self._depth))
        first, last = self._ends(m)
        take_fetched = Signal()
        fetch = Signal()
        m.d.comb += [
            take_fetched.eq(~self.words.valid | self.words.ready),
            fetch.eq(~fetched | take_fetched),
            memory.address.eq(address),
            memory.enable.eq(fetch),
        ]
        with m.If(fetch):
            m.d.sync += fetched.eq(running)
            with m.If(address == last):
                m.d.sync += address.eq(first)
            with m.Else():
                m.d.sync += address.eq(address + 1)
        with m.If(take_fetched):
            m.d.sync += [
                self.words.valid.eq(fetched),
                self.words.payload.eq(memory.data),
            ]
        with m.If(self.restart):
            m.d.sync += [
                running.eq(1),
                address.eq(self.base),
                fetched.eq(0),
                self.words.valid.eq(0),
            ]
        return m

    def _ends(self, m: Module) -> tuple[Value, Value]:
        """Addresses of the word that comes after the last, and of the last."""
        if not self._cyclic:
            return Const(0), Const(self._depth - 1)
        first, last = (Signal(range(self._depth), name=name) for name in ("first", "end"))
        with m.If(self.restart):
            m.d.sync += [first.eq(self.base), last.eq(self.last)]
        return first, last

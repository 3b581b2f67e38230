"""Queue in block RAM that can be emptied at once."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.memory.storage import Storage


class BlockQueue(Component):
    """First in, first out, for depths beyond look-up table memory.

    Latency 2 clocks, one item a clock. It holds ``depth`` items and one more at the output. The
    writer must know that there is room: a push into a full queue is an error of the user.

    Members:
        clear: In(1), forget all items; a push in the same clock is forgotten too.
        push: In(1). data: In(width), taken while ``push``.
        o: Out, stream of unsigned(width); the payload leaves the memory's read register.

    Args:
        width: bits of an item.
        depth: items.
    """

    def __init__(self, width: int, depth: int) -> None:
        self._width = width
        self._depth = depth
        super().__init__({
            "clear": In(1),
            "push": In(1),
            "data": In(width),
            "o": Out(stream.Signature(width)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.storage = storage = Storage(self._width, self._depth, block=True)
        stored = Signal(range(self._depth + 1))
        fetch = Signal()
        m.d.comb += [
            fetch.eq((stored != 0) & (~self.o.valid | self.o.ready)),
            storage.write_data.eq(self.data),
            storage.write_enable.eq(self.push),
            storage.enable.eq(fetch),
            self.o.payload.eq(storage.data),
        ]
        m.d.sync += stored.eq(stored + self.push - fetch)
        with m.If(fetch):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        write = Signal(range(self._depth))
        read = Signal(range(self._depth))
        m.d.comb += [storage.write_address.eq(write), storage.address.eq(read)]
        for pointer, step in ((write, self.push), (read, fetch)):
            with m.If(step):
                with m.If(pointer == self._depth - 1):
                    m.d.sync += pointer.eq(0)
                with m.Else():
                    m.d.sync += pointer.eq(pointer + 1)
        with m.If(self.clear):
            m.d.sync += [stored.eq(0), self.o.valid.eq(0), write.eq(0), read.eq(0)]
        return m

"""Queue in block RAM that can be emptied at once."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component


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
        m.submodules.storage = storage = memory.Memory(
            shape=unsigned(self._width), depth=self._depth, init=[],
            attrs={"ram_style": "block", "no_rw_check": "1"})
        write, read = storage.write_port(), storage.read_port()
        stored = Signal(range(self._depth + 1))
        fetch = Signal()
        m.d.comb += [
            fetch.eq((stored != 0) & (~self.o.valid | self.o.ready)),
            write.data.eq(self.data),
            write.en.eq(self.push),
            read.en.eq(fetch),
            self.o.payload.eq(read.data),
        ]
        m.d.sync += stored.eq(stored + self.push - fetch)
        with m.If(fetch):
            m.d.sync += self.o.valid.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        for pointer, step in ((write.addr, self.push), (read.addr, fetch)):
            with m.If(step):
                with m.If(pointer == self._depth - 1):
                    m.d.sync += pointer.eq(0)
                with m.Else():
                    m.d.sync += pointer.eq(pointer + 1)
        with m.If(self.clear):
            m.d.sync += [stored.eq(0), self.o.valid.eq(0), write.addr.eq(0), read.addr.eq(0)]
        return m

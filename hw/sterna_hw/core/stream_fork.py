"""One stream for all data paths."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.stream import StreamBuffer, StreamQueue, connect_streams


class StreamFork(Component):
    """Hands every item to all active branches, each of which takes it when it can.

    An item is taken when every active branch has room for it, so a branch may be as many items
    behind another one as it holds: ``depth``, or the two of a `StreamBuffer`. All handshakes leave
    registers but for the conjunction of the branches' ``ready``. Latency 1 clock, one item a clock.
    A reset of the component forgets the items that are in it.

    Members:
        i: In, stream of ``shape``.
        active: In(branches), branches that get items; the others see none.
        o_<n>: Out, stream of ``shape``, one for each branch.

    Args:
        shape: payload shape.
        branches: how many.
        depth: items that a branch holds, 2 in registers, else in look-up table memory.
    """

    def __init__(self, shape: Any, branches: int, depth: int = 2) -> None:
        self._shape = shape
        self._branches = branches
        self._depth = depth
        super().__init__({
            "i": In(stream.Signature(shape)),
            "active": In(branches),
            **{f"o_{branch}": Out(stream.Signature(shape)) for branch in range(branches)},
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        held = []
        for branch in range(self._branches):
            queue = (StreamBuffer(self._shape) if self._depth == 2
                     else StreamQueue(self._shape, self._depth))
            m.submodules[f"branch_{branch}"] = queue
            connect_streams(m, queue.o, getattr(self, f"o_{branch}"))
            held.append(queue)
        m.d.comb += self.i.ready.eq((Cat(queue.i.ready for queue in held) | ~self.active).all())
        for branch, queue in enumerate(held):
            m.d.comb += [
                queue.i.payload.eq(self.i.payload),
                queue.i.valid.eq(self.i.valid & self.i.ready & self.active[branch]),
            ]
        return m

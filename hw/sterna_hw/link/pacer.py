"""Holds bytes back for a bridge that would lose them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component


class Pacer(Component):
    """Passes bytes no faster than a bridge behind the line takes them, which cannot hold the line.

    Keeps account of the bridge's buffer as if one byte left it every ``interval`` clocks, and lets
    a byte through while there are fewer than ``most``: what fits goes at the speed of the line.

    Latency 0; one byte a clock for ``most`` bytes, then one in ``interval`` clocks.

    Members:
        i: In, o: Out, streams of unsigned(8).

    Args:
        most: bytes in the buffer, at least 1.
        interval: clocks of a byte, at least 1.

    Raises:
        ValueError: one of them is below 1.
    """

    def __init__(self, most: int, interval: int) -> None:
        if min(most, interval) < 1:
            raise ValueError(f"{most} bytes, one in {interval} clocks: at least 1 each")
        self._most, self._interval = most, interval
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        held = Signal(range(self._most + 1))
        left = Signal(range(self._interval))
        room = Signal()
        leaves = Signal()
        passes = Signal()
        m.d.comb += [
            room.eq(held != self._most),
            leaves.eq((held != 0) & (left == 0)),
            passes.eq(self.o.valid & self.o.ready),
            self.o.payload.eq(self.i.payload),
            self.o.valid.eq(self.i.valid & room),
            self.i.ready.eq(self.o.ready & room),
        ]
        m.d.sync += held.eq(held + passes - leaves)
        with m.If((held == 0) | leaves):
            m.d.sync += left.eq(self._interval - 1)
        with m.Else():
            m.d.sync += left.eq(left - 1)
        return m

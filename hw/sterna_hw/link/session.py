"""The session of the host: its nonce, and how many results it was sent."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib.wiring import In, Out
from sterna.machine.protocol import CHUNK_BITS

from sterna_hw.component import Component
from sterna_hw.link.info import SESSION_BYTES


class Session(Component):
    """Keeps nonce and count, and gives them byte by byte, lowest first, the nonce before the count.

    Both are one register that is turned by a byte with each byte given, so that there is nothing to
    choose from. To count is to add one on the way, with an adder of a byte.

    Throughput: one byte a clock. Latency: none.

    Members:
        nonce: In(32). begin: In(1), take the nonce, and count from 0.
        byte: Out(8), of the session. step: In(1), go on to the next; a multiple of eight times.
        count: In(1), high in any clock between two turns: the next turn counts one more.
    """

    def __init__(self) -> None:
        super().__init__({
            "nonce": In(CHUNK_BITS),
            "begin": In(1),
            "byte": Out(8),
            "step": In(1),
            "count": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        kept = Signal(8 * SESSION_BYTES)
        place = Signal(range(SESSION_BYTES))
        counting = Signal()
        carry = Signal()
        total = Signal(9)
        m.d.comb += [total.eq(kept[:8] + carry), self.byte.eq(total[:8])]
        with m.If(self.count):
            m.d.sync += counting.eq(1)
        with m.If(self.begin):
            m.d.sync += kept.eq(self.nonce)
        with m.If(self.step):
            m.d.sync += [kept.eq(Cat(kept[8:], self.byte)), place.eq(place + 1), carry.eq(total[8])]
            with m.If(place == SESSION_BYTES // 2 - 1):
                m.d.sync += [carry.eq(counting), counting.eq(0)]
            with m.If(place == SESSION_BYTES - 1):
                m.d.sync += carry.eq(0)
        return m

"""One AXI4 read port for two readers."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out
from sterna.machine.memory import AXI_ADDRESS_BITS

from sterna_hw.component import Component
from sterna_hw.stream import StreamQueue


class AxiReadShare(Component):
    """Lets two readers with bursts of equal length use one port; the second is served first.

    All bursts carry the same identifier, so that beats return in the order of the requests, which
    a queue remembers. A request on offer stays until it is accepted. Readers must always be ready
    for the beats that they have asked for. No latency, no lost clocks.

    Members:
        arvalid_0, araddr_0, arready_0, rvalid_0, and ``_1``: towards the readers.
        arvalid, araddr, arready, rvalid: towards the memory; ``rdata`` goes past this unit.

    Args:
        burst_beats: beats of a burst. bursts: most that are outstanding.
    """

    def __init__(self, burst_beats: int, bursts: int) -> None:
        self._burst_beats = burst_beats
        self._bursts = bursts
        readers: dict[str, Any] = {}
        for number in range(2):
            readers |= {
                f"arvalid_{number}": In(1), f"araddr_{number}": In(AXI_ADDRESS_BITS),
                f"arready_{number}": Out(1), f"rvalid_{number}": Out(1),
            }
        super().__init__({
            **readers,
            "arvalid": Out(1), "araddr": Out(AXI_ADDRESS_BITS), "arready": In(1),
            "rvalid": In(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.order = order = StreamQueue(1, self._bursts)
        offered = Signal()
        held = Signal()
        second = Signal()
        beats = Signal(range(max(2, self._burst_beats)))
        m.d.comb += [
            second.eq(Mux(offered, held, self.arvalid_1)),
            self.arvalid.eq((self.arvalid_0 | self.arvalid_1) & order.i.ready),
            self.araddr.eq(Mux(second, self.araddr_1, self.araddr_0)),
            self.arready_0.eq(self.arready & order.i.ready & ~second),
            self.arready_1.eq(self.arready & order.i.ready & second),
            order.i.valid.eq(self.arvalid & self.arready),
            order.i.payload.eq(second),
            self.rvalid_0.eq(self.rvalid & ~order.o.payload),
            self.rvalid_1.eq(self.rvalid & order.o.payload),
            order.o.ready.eq(self.rvalid & (beats == self._burst_beats - 1)),
        ]
        m.d.sync += [offered.eq(self.arvalid & ~self.arready), held.eq(second)]
        with m.If(self.rvalid):
            m.d.sync += beats.eq(Mux(order.o.ready, 0, beats + 1))
        return m

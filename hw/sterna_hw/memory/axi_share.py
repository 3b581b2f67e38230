"""One AXI4 read port for several readers."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out
from sterna.machine.memory import AXI_ADDRESS_BITS

from sterna_hw.component import Component
from sterna_hw.stream import StreamQueue


class AxiReadShare(Component):
    """Lets readers with bursts of equal length use one port; the last one is served first.

    All bursts carry the same identifier, so that beats return in the order of the requests, which
    a queue remembers. A request on offer stays until it is accepted. Readers must always be ready
    for the beats that they have asked for. No latency, no lost clocks.

    Members:
        arvalid_<n>, araddr_<n>, arready_<n>, rvalid_<n>: towards the readers.
        arvalid, araddr, arready, rvalid: towards the memory; ``rdata`` goes past this unit.

    Args:
        burst_beats: beats of a burst. bursts: most that are outstanding. count: readers.
    """

    def __init__(self, burst_beats: int, bursts: int, count: int = 2) -> None:
        self._burst_beats = burst_beats
        self._bursts = bursts
        self._count = count
        readers: dict[str, Any] = {}
        for number in range(count):
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
        readers = range(self._count)
        width = max(1, (self._count - 1).bit_length())
        m.submodules.order = order = StreamQueue(width, self._bursts)
        offered = Signal()
        held = Signal(width)
        wanting = Signal(width)
        chosen = Signal(width)
        beats = Signal(range(max(2, self._burst_beats)))
        valid = Cat(getattr(self, f"arvalid_{number}") for number in readers)
        for number in readers:
            with m.If(valid[number]):
                m.d.comb += wanting.eq(number)
            m.d.comb += [
                getattr(self, f"arready_{number}").eq(
                    self.arready & order.i.ready & (chosen == number)),
                getattr(self, f"rvalid_{number}").eq(self.rvalid & (order.o.payload == number)),
            ]
        m.d.comb += [
            chosen.eq(Mux(offered, held, wanting)),
            self.arvalid.eq(valid.any() & order.i.ready),
            self.araddr.eq(Array(getattr(self, f"araddr_{number}") for number in readers)[chosen]),
            order.i.valid.eq(self.arvalid & self.arready),
            order.i.payload.eq(chosen),
            order.o.ready.eq(self.rvalid & (beats == self._burst_beats - 1)),
        ]
        m.d.sync += [offered.eq(self.arvalid & ~self.arready), held.eq(chosen)]
        with m.If(self.rvalid):
            m.d.sync += beats.eq(Mux(order.o.ready, 0, beats + 1))
        return m

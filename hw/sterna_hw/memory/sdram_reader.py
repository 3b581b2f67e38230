"""Regions of an SDR SDRAM, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.sdram import BURST_BEATS, SdramClocks, SdramPart

from sterna_hw.component import Component
from sterna_hw.memory.block_queue import BlockQueue
from sterna_hw.memory.sdram_controller import SdramController, pin_members
from sterna_hw.stream import connect_streams

WRITE_MEMBERS = ("write_valid", "write_beat", "write_data", "write_mask")
"""Inputs of a `SdramController` that write a beat, until ``written``."""


@dataclass(frozen=True)
class Region:
    """At most ``bursts`` bursts that are read in a row, of which ``queue`` beats fetched ahead."""

    bursts: int
    queue: int


class SdramReader(Component):
    """After ``restart`` the regions are read in their order, each as far as its queue has room.

    A region begins when all beats of the one before have come. Throughput within a region: a beat a
    clock but for refreshes; from one to the next about 25 clocks.

    Members:
        restart: In(1), begin again at region 0; what was fetched ahead is forgotten.
        first_<n>, bursts_<n>: In, number of the first burst of region n, and how many there are.
            They may change in the clock of the restart, and not before the region has come.
        beats_<n>: Out, stream of unsigned(bits).
        write_*: In, written: Out(1); see `SdramController`.
        ras_n, …: see `pin_members`.

    Args:
        part: organisation. clocks: its times at the clock of this unit. regions: at least one.
    """

    def __init__(self, part: SdramPart, clocks: SdramClocks, regions: Sequence[Region]) -> None:
        self._part, self._clocks, self._regions = part, clocks, regions
        members: dict[str, Any] = {}
        for number, region in enumerate(regions):
            members |= {
                f"first_{number}": In(range(part.beats // BURST_BEATS)),
                f"bursts_{number}": In(range(region.bursts + 1)),
                f"beats_{number}": Out(stream.Signature(part.bits)),
            }
        super().__init__({
            "restart": In(1), **members,
            "write_valid": In(1), "write_beat": In(range(part.beats)),
            "write_data": In(part.bits), "write_mask": In(part.bits), "written": Out(1),
            **pin_members(part),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        part, regions = self._part, self._regions
        count, most = len(regions), max(region.bursts for region in regions)
        m.submodules.controller = controller = SdramController(part, self._clocks)
        for name, member in pin_members(part).items():
            outer, inner = getattr(self, name), getattr(controller, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        m.d.comb += [
            *(getattr(controller, name).eq(getattr(self, name)) for name in WRITE_MEMBERS),
            self.written.eq(controller.written),
        ]

        # The region under way; whether the controller is to be sent to its first burst; bursts of
        # it that were not begun, and beats that were promised and have not come.
        region = Signal(range(max(2, count)), init=count - 1)
        seeking = Signal()
        left = Signal(range(most + 1))
        due = Signal(range(4 * BURST_BEATS))
        finished = Signal()
        room = Signal(count)
        m.d.comb += [
            finished.eq((left == 0) & (due == 0)),
            controller.restart.eq(self.restart | seeking),
            controller.first.eq(Array(
                getattr(self, f"first_{number}") for number in range(count))[region]),
            controller.go.eq((left != 0) & ~seeking & room.bit_select(region, 1)),
        ]
        m.d.sync += [
            seeking.eq(0),
            left.eq(left - controller.begun),
            due.eq(due + Mux(controller.begun, BURST_BEATS, 0) - controller.arrived),
        ]
        with m.If(seeking):
            m.d.sync += left.eq(Array(
                getattr(self, f"bursts_{number}") for number in range(count))[region])
        with m.Elif(finished & (region != count - 1)):
            m.d.sync += [region.eq(region + 1), seeking.eq(1)]
        with m.If(self.restart):
            m.d.sync += [region.eq(0), seeking.eq(1), left.eq(0), due.eq(0)]
        for number in range(count):
            self._queue(m, number, controller, region == number, room[number])
        return m

    def _queue(self, m: Module, number: int, controller: SdramController, chosen: Any,
               room: Any) -> None:
        """What a region has fetched ahead; ``room`` for a burst that is not yet promised."""
        depth, beats = self._regions[number].queue, getattr(self, f"beats_{number}")
        queue = BlockQueue(self._part.bits, depth)
        m.submodules[f"queue_{number}"] = queue
        free = Signal(range(depth + 1), name=f"free_{number}")
        m.d.comb += [
            queue.clear.eq(self.restart),
            queue.push.eq(controller.arrived & chosen),
            queue.data.eq(controller.data),
            room.eq(free >= BURST_BEATS),
        ]
        connect_streams(m, queue.o, beats)
        promised = Signal(range(BURST_BEATS + 1), name=f"promised_{number}")
        m.d.sync += [
            promised.eq(Mux(controller.begun & chosen, BURST_BEATS, 0)),
            free.eq(free + (beats.valid & beats.ready) - promised),
        ]
        with m.If(self.restart):
            m.d.sync += [free.eq(depth), promised.eq(0)]

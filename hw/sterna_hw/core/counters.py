"""What the host learns about a run: clocks, and what the engine did in them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component

COUNTER_BITS = 32
EVENTS = ("busy", "waiting_weights", "waiting_codes")


class Counters(Component):
    """Counts clocks and events of a run, 32 bits each, wrapping.

    Members:
        clear: In(1), all zero in the next clock.
        running: In(1), clocks count.
        busy, waiting_weights, waiting_codes: In(1), events of this clock; count while running.
        cycles: Out(32), and ``<event>_cycles``: Out(32) for each event.
    """

    def __init__(self) -> None:
        super().__init__({
            "clear": In(1),
            "running": In(1),
            "cycles": Out(COUNTER_BITS),
            **{event: In(1) for event in EVENTS},
            **{f"{event}_cycles": Out(COUNTER_BITS) for event in EVENTS},
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        with m.If(self.clear):
            m.d.sync += self.cycles.eq(0)
        with m.Elif(self.running):
            m.d.sync += self.cycles.eq(self.cycles + 1)
        for event in EVENTS:
            counter = getattr(self, f"{event}_cycles")
            with m.If(self.clear):
                m.d.sync += counter.eq(0)
            with m.Elif(self.running & getattr(self, event)):
                m.d.sync += counter.eq(counter + 1)
        return m

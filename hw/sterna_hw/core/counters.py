"""What the host learns about a run: clocks, and what the engine did in them."""

from __future__ import annotations

from collections.abc import Mapping
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

    Args:
        events: other events by name, with the most that a clock may have of each.
    """

    def __init__(self, events: Mapping[str, int] | None = None) -> None:
        self._events = dict.fromkeys(EVENTS, 1) if events is None else events
        super().__init__({
            "clear": In(1),
            "running": In(1),
            "cycles": Out(COUNTER_BITS),
            **{event: In(range(most + 1)) for event, most in self._events.items()},
            **{f"{event}_cycles": Out(COUNTER_BITS) for event in self._events},
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        with m.If(self.clear):
            m.d.sync += self.cycles.eq(0)
        with m.Elif(self.running):
            m.d.sync += self.cycles.eq(self.cycles + 1)
        for event, most in self._events.items():
            counter, happening = getattr(self, f"{event}_cycles"), getattr(self, event)
            with m.If(self.clear):
                m.d.sync += counter.eq(0)
            with m.Elif(self.running & happening.any()):
                m.d.sync += counter.eq(counter + (1 if most == 1 else happening))
        return m

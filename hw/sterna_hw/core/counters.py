"""What the host learns about a run: clocks, and what units did in them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS

from sterna_hw.component import Component


class Counters(Component):
    """Counts clocks and events of a run, 32 bits each, wrapping; see `Machine.counters`.

    Members:
        clear: In(1), all zero in the next clock.
        running: In(1), clocks count.
        <event>: In, how often a counter's event happens in this clock; counts while running.
        values: Out, words of 32 bits in the order of RESULT; the first are the clocks.
    """

    def __init__(self, machine: Machine) -> None:
        _, *self._events = machine.counters
        super().__init__({
            "clear": In(1),
            "running": In(1),
            **{event.name: In(range(event.most + 1)) for event in self._events},
            "values": Out(ArrayLayout(CHUNK_BITS, 1 + len(self._events))),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        happening = [1, *(getattr(self, event.name) for event in self._events)]
        for value, events in zip(self.values, happening, strict=True):
            with m.If(self.clear):
                m.d.sync += value.eq(0)
            with m.Elif(self.running):
                m.d.sync += value.eq(value + events)
        return m

"""A unit that speaks bytes, behind a UART: what boards and the simulated serial port share."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from amaranth.hdl import Module
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.link.pacer import Pacer
from sterna_hw.link.uart import Uart
from sterna_hw.stream import connect_streams


def serial_members(memory: Mapping[str, Any]) -> dict[str, Any]:
    """Members of a `SerialUnit`: ``rx``, ``tx`` and those of ``memory``."""
    idle_high: Any = {"init": 1}
    return {"rx": In(1, **idle_high), "tx": Out(1, **idle_high), **memory}


class SerialUnit(Component):
    """Everything of a board but clock, reset and pins.

    Latency and throughput are those of the `Uart`, of the unit and of the `Pacer`, if any.

    Members:
        rx: In(1), idle high, in no relation to the clock. tx: Out(1), idle high.
        Those of ``memory``, connected to the core's members of the same names.

    Args:
        core: component with the streams ``link_in`` and ``link_out`` of bytes, such as the
            accelerator or `Loopback`.
        divisor: clocks of a bit, as `Uart` takes them.
        memory: members of the core that are ports to memories outside, by name.
        pace: arguments of a `Pacer` of what is sent, for a bridge that would lose bytes.
    """

    def __init__(self, core: Any, divisor: Fraction | int,
                 memory: Mapping[str, Any] | None = None,
                 pace: tuple[int, int] | None = None) -> None:
        self._core = core
        self._pace = pace
        self._divisor = divisor
        self._memory = dict(memory or {})
        super().__init__(serial_members(self._memory))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.uart = uart = Uart(self._divisor)
        m.submodules.core = core = self._core
        m.d.comb += [uart.rx.eq(self.rx), self.tx.eq(uart.tx)]
        connect_streams(m, uart.received, core.link_in)
        sent = core.link_out
        if self._pace is not None:
            m.submodules.pacer = pacer = Pacer(*self._pace)
            connect_streams(m, sent, pacer.i)
            sent = pacer.o
        connect_streams(m, sent, uart.sent)
        for name, member in self._memory.items():
            outer, inner = getattr(self, name), getattr(core, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        return m

"""A serial line with a host's end too, for simulations in which every bit of it takes its time."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.link.uart import Uart
from sterna_hw.stream import connect_streams


class LinedUnit(Component):
    """A unit that speaks bytes behind a line between two `Uart`s, or without while ``direct``.

    Members:
        link_in: In, link_out: Out, streams of unsigned(8), of the host.
        direct: In(1), bytes go to the unit and come from it as without a line; to be changed while
            none are under way.
        Those of ``memory``, connected to the core's members of the same names.

    Args:
        core, divisor, memory: as of `SerialUnit`.
    """

    def __init__(self, core: Any, divisor: Fraction | int, memory: Mapping[str, Any]) -> None:
        self._core, self._divisor, self._memory = core, divisor, dict(memory)
        super().__init__({
            "link_in": In(stream.Signature(8)), "link_out": Out(stream.Signature(8)),
            "direct": In(1), **self._memory,
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.core = core = self._core
        m.submodules.host = host = Uart(self._divisor)
        m.submodules.uart = uart = Uart(self._divisor)
        m.d.comb += [uart.rx.eq(host.tx), host.rx.eq(uart.tx)]
        with m.If(self.direct):
            connect_streams(m, self.link_in, core.link_in)
            connect_streams(m, core.link_out, self.link_out)
        with m.Else():
            connect_streams(m, self.link_in, host.sent)
            connect_streams(m, uart.received, core.link_in)
            connect_streams(m, core.link_out, uart.sent)
            connect_streams(m, host.received, self.link_out)
        for name, member in self._memory.items():
            outer, inner = getattr(self, name), getattr(core, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        return m

"""The accelerator behind a bus: what integrators put into a design of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, Instance, Module, ResetSignal
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.core.accelerator import accelerator_members
from sterna_hw.link.axi_lite import AxiLiteLink
from sterna_hw.link.axi_stream import AxiStreamLink

CORE = "sterna"
"""The module that is behind the bus."""
WRAPPERS: Mapping[str, type[AxiLiteLink] | type[AxiStreamLink]] = {
    "axi4-lite": AxiLiteLink, "axi4-stream": AxiStreamLink}
"""What stands between a bus and the byte link, by what the user calls it."""
_LINK = ("link_in", "link_out")


def wrapper_module(wrapper: str) -> str:
    """The name of the module, ``sterna_axi4_lite``."""
    return f"{CORE}_{wrapper.replace('-', '_')}"


def bus_members(machine: Machine, wrapper: str) -> dict[str, Any]:
    """Members of a `BusUnit`."""
    return {"aclk": In(1), "aresetn": In(1), **WRAPPERS[wrapper].BUS, **_passed(machine)}


def _passed(machine: Machine) -> dict[str, Any]:
    """Those of the accelerator but the byte link."""
    return {name: member for name, member in accelerator_members(machine).items()
            if name not in _LINK}


class BusUnit(Component):
    """An accelerator whose byte link is an interface of AXI4-Lite or AXI4-Stream.

    The accelerator is an instance of module `CORE`, so that both stay what they are alone. Latency
    and throughput are those of the wrapper.

    Members:
        aclk: In(1). aresetn: In(1), synchronous, active low.
        Those of the wrapper, ``s_axi_*`` or ``s_axis_*`` and ``m_axis_*``, and of the accelerator
        but the byte link: memories outside.

    Args:
        wrapper: a key of `WRAPPERS`.
    """

    def __init__(self, machine: Machine, wrapper: str) -> None:
        self._wrapper = WRAPPERS[wrapper]
        self._passed = _passed(machine)
        super().__init__(bus_members(machine, wrapper))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.domains.sync = ClockDomain()
        m.submodules.bus = bus = self._wrapper()
        m.d.comb += [ClockSignal().eq(self.aclk), ResetSignal().eq(~self.aresetn)]
        for name, member in self._wrapper.BUS.items():
            outer, inner = getattr(self, name), getattr(bus, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        sent, given = bus.to_link, bus.from_link
        m.submodules.core = Instance(
            CORE, i_clk=ClockSignal(), i_rst=ResetSignal(),
            i_link_in__payload=sent.payload, i_link_in__valid=sent.valid,
            o_link_in__ready=sent.ready,
            o_link_out__payload=given.payload, o_link_out__valid=given.valid,
            i_link_out__ready=given.ready,
            **{f"{'o' if member.flow is Out else 'i'}_{name}": getattr(self, name)
               for name, member in self._passed.items()})
        return m

"""Hosts at the bus of a wrapped accelerator, as gateware: a byte link goes in, a bus comes out.

With one of them around it, a wrapped accelerator has the ports of a bare one, so that whatever
simulates and verifies that simulates and verifies this.
"""

from __future__ import annotations

from typing import Any

from amaranth.back import verilog
from amaranth.hdl import Cat, ClockSignal, Instance, Module, Mux, ResetSignal, Signal
from amaranth.lib.wiring import Out
from sterna.machine.machine import Machine
from sterna_hw.board.bus import bus_members, wrapper_module
from sterna_hw.component import Component
from sterna_hw.core.accelerator import accelerator_members
from sterna_hw.link.axi_lite import Register


class BusHost(Component):
    """The wrapped accelerator as an instance, with the members of an `Accelerator`."""

    def __init__(self, machine: Machine, wrapper: str) -> None:
        self._wrapper = wrapper
        self._bus = bus_members(machine, wrapper)
        super().__init__(accelerator_members(machine))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        signals: dict[str, Any] = {}
        for name, member in self._bus.items():
            passed = hasattr(self, name)
            signals[name] = getattr(self, name) if passed else Signal(member.shape, name=name)
        m.d.comb += [signals["aclk"].eq(ClockSignal()), signals["aresetn"].eq(~ResetSignal())]
        m.submodules.wrapped = Instance(
            wrapper_module(self._wrapper),
            **{f"{'o' if self._bus[name].flow is Out else 'i'}_{name}": signal
               for name, signal in signals.items()})
        {"axi4-stream": self._stream, "axi4-lite": self._lite}[self._wrapper](m, signals)
        return m

    def _stream(self, m: Module, bus: dict[str, Any]) -> None:
        m.d.comb += [
            bus["s_axis_tdata"].eq(self.link_in.payload),
            bus["s_axis_tvalid"].eq(self.link_in.valid),
            self.link_in.ready.eq(bus["s_axis_tready"]),
            self.link_out.payload.eq(bus["m_axis_tdata"]),
            self.link_out.valid.eq(bus["m_axis_tvalid"]),
            bus["m_axis_tready"].eq(self.link_out.ready),
        ]

    def _lite(self, m: Module, bus: dict[str, Any]) -> None:
        """A byte in, as DATA or as one byte of WORD, then a byte out if there is one."""
        held, count = Signal(8), Signal(2)
        aw, w = bus["s_axi_awvalid"], bus["s_axi_wvalid"]
        m.d.comb += [
            bus["s_axi_awaddr"].eq(Mux(count[0], Register.WORD, Register.DATA)),
            bus["s_axi_araddr"].eq(Register.DATA),
            bus["s_axi_wdata"].eq(Mux(count == 3, Cat(~held, held), held)),
            bus["s_axi_wstrb"].eq(Mux(count == 3, 2, 1)),
        ]
        m.d.sync += count.eq(count + 1)
        with m.FSM():
            with m.State("choose"):
                m.d.sync += count.eq(count)
                m.d.comb += self.link_in.ready.eq(1)
                m.d.sync += held.eq(self.link_in.payload)
                m.next = "ask"
                with m.If(self.link_in.valid):
                    m.d.sync += [aw.eq(1), w.eq(1)]
                    m.next = "write"
            with m.State("write"):
                m.d.sync += count.eq(count)
                m.d.comb += bus["s_axi_bready"].eq(1)
                for valid, ready in ((aw, "s_axi_awready"), (w, "s_axi_wready")):
                    with m.If(bus[ready]):
                        m.d.sync += valid.eq(0)
                with m.If(bus["s_axi_bvalid"]):
                    m.next = "ask"
            with m.State("ask"):
                m.d.comb += bus["s_axi_arvalid"].eq(1)
                with m.If(bus["s_axi_arready"]):
                    m.next = "read"
            with m.State("read"):
                m.d.comb += bus["s_axi_rready"].eq(1)
                with m.If(bus["s_axi_rvalid"]):
                    m.d.sync += held.eq(bus["s_axi_rdata"][:8])
                    m.next = "choose"
                    with m.If(bus["s_axi_rdata"][8]):
                        m.next = "give"
            with m.State("give"):
                m.d.comb += [self.link_out.valid.eq(1), self.link_out.payload.eq(held)]
                with m.If(self.link_out.ready):
                    m.next = "choose"


def host_verilog(machine: Machine, wrapper: str) -> str:
    """Module ``host`` around the module of the wrapper."""
    return verilog.convert(BusHost(machine, wrapper), name="host", emit_src=False)

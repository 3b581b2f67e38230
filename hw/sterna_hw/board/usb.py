"""A unit that speaks bytes, behind USB pins of the FPGA or a PHY at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

from amaranth.hdl import ClockDomain, Module
from amaranth.lib import io
from amaranth.lib.wiring import Out

from sterna_hw.component import Component
from sterna_hw.link.usb_serial import UsbSerial
from sterna_hw.stream import connect_streams

ULPI_HZ = 60e6
_PINS: dict[str, dict[str, io.Direction]] = {
    "usb": {"d_p": io.Direction.Bidir, "d_n": io.Direction.Bidir, "pullup": io.Direction.Output},
    "ulpi": {"data": io.Direction.Bidir, "clk": io.Direction.Input, "dir": io.Direction.Input,
             "nxt": io.Direction.Input, "stp": io.Direction.Output, "rst": io.Direction.Output},
}


@dataclass(frozen=True)
class UsbPins:
    """Where USB is: pins of resource ``usb`` 0 (full speed), or a PHY at resource ``ulpi`` 0."""

    resource: Literal["usb", "ulpi"]

    @property
    def direct(self) -> bool:
        """Whether the FPGA itself samples the line, and needs the clocks for it."""
        return self.resource == "usb"

    @property
    def packet(self) -> int:
        """Bytes of a bulk packet, at full or at high speed."""
        return 64 if self.direct else 512

    def add(self, m: Module, platform: Any) -> Any:
        """The pins' buffers, as luna takes them; its domains too."""
        m.domains.usb = ClockDomain()
        if self.direct:
            m.domains.usb_io = ClockDomain(reset_less=True)
        pins = platform.request(self.resource, 0, dir="-")
        buffers: dict[str, Any] = {}
        for name, direction in _PINS[self.resource].items():
            if hasattr(pins, name):
                buffers[name] = io.Buffer(direction, getattr(pins, name))
                m.submodules[f"usb_{name}"] = buffers[name]
        if not self.direct:
            platform.add_clock_constraint(buffers["clk"].i, ULPI_HZ)
        return SimpleNamespace(**buffers)


class UsbUnit(Component):
    """Everything of a board but clocks, reset and pins.

    Latency and throughput are those of `UsbSerial` and of the unit.

    Members:
        Those of ``memory``, connected to the core's members of the same names.

    Args:
        core: component with the streams ``link_in`` and ``link_out`` of bytes.
        pins, packet: as `UsbSerial` takes them.
        memory: members of the core that are ports to memories outside, by name.
    """

    def __init__(self, core: Any, pins: Any, packet: int,
                 memory: Mapping[str, Any] | None = None) -> None:
        self._core = core
        self._memory = dict(memory or {})
        self._serial = UsbSerial(pins, packet)
        super().__init__(self._memory)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.usb = serial = self._serial
        m.submodules.core = core = self._core
        connect_streams(m, serial.received, core.link_in)
        connect_streams(m, core.link_out, serial.sent)
        for name, member in self._memory.items():
            outer, inner = getattr(self, name), getattr(core, name)
            m.d.comb += outer.eq(inner) if member.flow is Out else inner.eq(outer)
        return m

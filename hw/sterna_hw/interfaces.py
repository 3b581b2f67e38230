"""Which ports of a module belong together: what IP integrators and IP-XACT call bus interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sterna_hw.ports import CLOCK, RESET, Port

_CLOCKS, _RESETS = (CLOCK, "aclk"), {RESET: "ACTIVE_HIGH", "aresetn": "ACTIVE_LOW"}
_IRQ = "irq"
_BUSES = (
    (re.compile(r"(link_in|link_out)__(payload|valid|ready)"), "axis"),
    (re.compile(r"([sm]_axis)_(t\w+)"), "axis"),
    (re.compile(r"(m_axi_\d+|s_axi)_(\w+)"), "aximm"),
)
_STREAM = {"payload": "TDATA", "valid": "TVALID", "ready": "TREADY"}
_MASTERS = re.compile(r"link_out|m_")


@dataclass(frozen=True)
class Interface:
    """Ports by what the bus calls them. ``kind`` is axis, aximm, clock, reset or interrupt.

    ``parameters`` are those that IP integrators know: protocol, polarity, what a clock is for.
    """

    name: str
    kind: Literal["axis", "aximm", "clock", "reset", "interrupt"]
    role: Literal["master", "slave"]
    ports: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def lite(self) -> bool:
        """Whether it is AXI4-Lite."""
        return self.parameters.get("PROTOCOL") == "AXI4LITE"


def interfaces_of(ports: Iterable[Port]) -> list[Interface]:
    """The interfaces of ports, buses first; a port that belongs to none is left out."""
    buses: dict[tuple[str, str], dict[str, Port]] = {}
    singles: list[Interface] = []
    names = {port.name: port for port in ports}
    for port in names.values():
        for pattern, kind in _BUSES:
            if match := pattern.fullmatch(port.name):
                logical = _STREAM.get(match[2], match[2].upper())
                buses.setdefault((match[1], kind), {})[logical] = port
    found = [_bus(name, kind, members) for (name, kind), members in buses.items()]
    reset = next((name for name in _RESETS if name in names), None)
    for clock in (name for name in _CLOCKS if name in names):
        uses = {"ASSOCIATED_BUSIF": ":".join(bus.name for bus in found)}
        singles.append(Interface(clock, "clock", "slave", {"CLK": clock}, {
            **uses, **({"ASSOCIATED_RESET": reset} if reset else {})}))
    if reset:
        singles.append(Interface(
            reset, "reset", "slave", {"RST": reset}, {"POLARITY": _RESETS[reset]}))
    if _IRQ in names:
        singles.append(Interface(_IRQ, "interrupt", "master", {"INTERRUPT": _IRQ},
                                 {"SENSITIVITY": "LEVEL_HIGH"}))
    return found + singles


def _bus(name: str, kind: str, members: Mapping[str, Port]) -> Interface:
    parameters: dict[str, str] = {}
    if kind == "aximm":
        parameters = {"PROTOCOL": "AXI4" if "ARLEN" in members else "AXI4LITE",
                      "DATA_WIDTH": str(members["RDATA"].width),
                      "ADDR_WIDTH": str(members["ARADDR"].width)}
    role = "master" if _MASTERS.match(name) else "slave"
    return Interface(name, "axis" if kind == "axis" else "aximm", role,
                     {logical: port.name for logical, port in members.items()}, parameters)


_VIVADO = {"axis": "xilinx.com:interface:axis:1.0", "aximm": "xilinx.com:interface:aximm:1.0",
           "clock": "xilinx.com:signal:clock:1.0", "reset": "xilinx.com:signal:reset:1.0",
           "interrupt": "xilinx.com:signal:interrupt:1.0"}


def with_attributes(text: str, module: str, interfaces: Iterable[Interface]) -> str:
    """Verilog text whose module tells Vivado's IP integrator of its interfaces.

    The first port of an interface has X_INTERFACE_PARAMETER, every one X_INTERFACE_INFO (UG994).
    Raises ValueError for a port that is not declared in the text.
    """
    start = text.index(f"\nmodule {module}(")
    end = text.index("\nendmodule", start)
    body = text[start:end]
    for interface in interfaces:
        parameters = ", ".join(f"{name} {value}" for name, value in interface.parameters.items())
        for logical, name in interface.ports.items():
            attributes = [f'X_INTERFACE_INFO = "{_VIVADO[interface.kind]} {interface.name} '
                          f'{logical}"']
            if parameters:
                attributes.append(f'X_INTERFACE_PARAMETER = "XIL_INTERFACENAME {interface.name}, '
                                  f'{parameters}"')
                parameters = ""
            lines = "".join(f"  (* {attribute} *)\n" for attribute in attributes)
            declared = re.compile(rf"^  (?:input|output) (?:\[\d+:0\] )?{name};$", re.MULTILINE)
            body, count = declared.subn(lambda match, lines=lines: lines + match[0], body)
            if count != 1:
                raise ValueError(f"port {name} of {module} is declared {count} times")
    return text[:start] + body + text[end:]

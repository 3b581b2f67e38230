"""Improvements of an ECP5 netlist between synthesis and placement, which neither tool makes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
Pin = tuple[str, str, int]
"""Cell, port, and bit of the port."""

FAN_OUT = 40
"""Sinks of a register above which it gets copies, each for sinks that belong together."""
OPEN = "x"
"""What a port is connected to that nextpnr is to leave open."""
CROWD = 64
"""Sinks above which a register that logic feeds gets copies too."""
_DOUBLE_WIDTH = 36
"""Width of a block RAM that uses the outputs of both ports for one word."""
_DIGITS = re.compile(r"(\d+)")
_PLACE = re.compile(r"X(\d+)/Y(\d+)/")
_REACH = 64
"""Tile columns that the fixed sinks of one register lie in."""


class Netlist:
    """Cells of the top module of yosys' JSON, with the pins of each net.

    Nets are integers, constants the strings "0", "1" and "x". Netlists are flat: the top module is
    the only one whose cells matter.
    """

    def __init__(self, design: dict[str, Any]) -> None:
        tops = [module for module in design["modules"].values()
                if int(module["attributes"].get("top", "0"), 2)]
        self._module = tops[0]
        self.cells: dict[str, Cell] = self._module["cells"]
        self.drivers: dict[int, Pin] = {}
        self.sinks: defaultdict[int, list[Pin]] = defaultdict(list)
        self._last = 0
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                drives = cell["port_directions"][port] == "output"
                for index, net in enumerate(bits):
                    if isinstance(net, int):
                        self._last = max(self._last, net)
                        if drives:
                            self.drivers[net] = (name, port, index)
                        else:
                            self.sinks[net].append((name, port, index))
        for port in self._module["ports"].values():
            for net in port["bits"]:
                # Ports count as sinks that no pass understands, so their nets stay.
                self.sinks[net].append(("", "", 0))

    def net(self, name: str, port: str) -> Any:
        """What a one-bit port is connected to, None if to nothing."""
        bits = self.cells[name]["connections"].get(port)
        return bits[0] if bits else None

    def parameter(self, name: str, parameter: str, default: str = "") -> str:
        """A parameter as text; yosys marks text that looks like a number with a blank."""
        return str(self.cells[name]["parameters"].get(parameter, default)).strip()

    def of_type(self, kind: str) -> list[str]:
        """Names of the cells of a type."""
        return [name for name, cell in self.cells.items() if cell["type"] == kind]

    def connect(self, name: str, port: str, net: Any, direction: str = "input") -> None:
        """Connect a one-bit port, whatever it was connected to before."""
        cell = self.cells[name]
        cell["connections"][port] = [net]
        cell["port_directions"][port] = direction
        if isinstance(net, int):
            if direction == "output":
                self.drivers[net] = (name, port, 0)
            else:
                self.sinks[net].append((name, port, 0))

    def fix(self, name: str, column: int, row: int, site: str) -> None:
        """Have a cell placed at a site of a tile."""
        self.cells[name]["attributes"]["BEL"] = f"X{column}/Y{row}/{site}"

    def place(self, name: str) -> tuple[int, int] | None:
        """Tile row and column of a cell that was fixed."""
        cell = self.cells.get(name)  # a port of the design has none
        found = _PLACE.match(cell["attributes"].get("BEL", "")) if cell else None
        return (int(found[2]), int(found[1])) if found else None

    def remove(self, name: str) -> None:
        """Remove a cell; its nets stay."""
        for port, bits in self.cells.pop(name)["connections"].items():
            for index, net in enumerate(bits):
                if isinstance(net, int) and (name, port, index) in self.sinks[net]:
                    self.sinks[net].remove((name, port, index))

    def copy(self, name: str, number: int) -> int:
        """A copy of a register with a net of its own, which is returned."""
        self._last += 1
        original = self.cells[name]
        copy = f"{name}$copy{number}"
        self.cells[copy] = {
            **original,
            "connections": {**original["connections"], "Q": [self._last]},
        }
        for port, bits in original["connections"].items():
            if port != "Q" and isinstance(bits[0], int):
                self.sinks[bits[0]].append((copy, port, 0))
        self.drivers[self._last] = (copy, "Q", 0)
        # Not the cell's own name: yosys, unlike nextpnr, takes one name for one thing.
        self._module["netnames"][f"{copy}$Q"] = {
            "hide_name": 1, "bits": [self._last], "attributes": {}}
        return self._last


def trim_carry_chains(netlist: Netlist) -> None:
    """Disconnect carries that nobody looks at: nextpnr spends two cells on each.

    Such are a last carry out without sinks, and a constant carry into a cell whose first half
    never propagates and shows no sum.
    """
    for name in netlist.of_type("CCU2C"):
        out, into = netlist.net(name, "COUT"), netlist.net(name, "CIN")
        if isinstance(out, int) and not netlist.sinks[out]:
            netlist.connect(name, "COUT", OPEN, "output")
        total = netlist.net(name, "S0")
        shown = isinstance(total, int) and bool(netlist.sinks[total])
        if isinstance(into, str) and not shown and not _may_propagate(netlist, name):
            netlist.connect(name, "CIN", OPEN)


def _may_propagate(netlist: Netlist, name: str) -> bool:
    """Whether any input of the first half of a carry cell makes it pass a carry on."""
    table = int(netlist.parameter(name, "INIT0"), 2)
    nets = [netlist.net(name, f"{port}0") for port in "ABCD"]
    return any(table >> index & 1 for index in range(16)
               if all(net not in ("0", "1") or str(index >> bit & 1) == net
                      for bit, net in enumerate(nets)))


def tie_carry_inputs(netlist: Netlist) -> None:
    """Tie inputs C and D of carry cells that are zero to one, with tables that do the same.

    A one costs nothing; a zero is a net of its own, and that of all zeros has thousands of sinks,
    which no router can get through. The carry that a half generates is looked up with both inputs
    zero, whatever they are (CCU2C of Lattice FPGA-TN-02206 and yosys' model): those four bits stay.
    """
    for name in netlist.of_type("CCU2C"):
        for half in "01":
            table = int(netlist.parameter(name, f"INIT{half}", "0"), 2)
            for port, width in (("C", 4), ("D", 8)):
                if netlist.net(name, f"{port}{half}") == "0":
                    low = [index for index in range(16) if not index & width]
                    for index in low:
                        shown = table >> index & 1
                        table = table & ~(1 << index + width) | shown << index + width
                    netlist.connect(name, f"{port}{half}", "1")
            netlist.cells[name]["parameters"][f"INIT{half}"] = f"{table:016b}"


def absorb_registers(netlist: Netlist) -> None:
    """Move plain registers at multipliers and behind block RAMs into the registers that those have.

    A plain register loads in every clock, is never reset and starts at zero.
    """
    for name in netlist.of_type("MULT18X18D"):
        _absorb_inputs(netlist, name)
        _absorb_products(netlist, name)
    for name in netlist.of_type("DP16KD"):
        double = int(netlist.parameter(name, "DATA_WIDTH_B"), 2) == _DOUBLE_WIDTH
        for ports in ("AB",) if double else ("A", "B"):
            _absorb_words(netlist, name, ports)


def _is_plain(netlist: Netlist, name: str) -> bool:
    cell = netlist.cells.get(name)
    return (cell is not None and cell["type"] == "TRELLIS_FF"
            and netlist.net(name, "LSR") in (None, "0")
            and netlist.net(name, "CE") is None and netlist.parameter(name, "CEMUX") == "1"
            and netlist.parameter(name, "CLKMUX", "CLK") == "CLK"
            and netlist.parameter(name, "REGSET") == "RESET")


def _registers_of(netlist: Netlist, outputs: list[tuple[str, Any]]) -> dict[str, str] | None:
    """The plain register behind each output in use; None if one has something else behind it."""
    registers = {}
    for port, net in outputs:
        pins = netlist.sinks[net] if isinstance(net, int) else []
        if not pins:
            continue
        register, pin, _ = pins[0]
        if len(pins) > 1 or pin != "DI" or not _is_plain(netlist, register):
            return None
        registers[port] = register
    clocks = {netlist.net(register, "CLK") for register in registers.values()}
    return registers if len(clocks) == 1 else None


def _replace_outputs(netlist: Netlist, name: str, registers: dict[str, str]) -> None:
    for port, register in registers.items():
        net = netlist.net(register, "Q")
        netlist.remove(register)
        netlist.connect(name, port, net, "output")


def _absorb_words(netlist: Netlist, name: str, ports: str) -> None:
    outputs = [(f"DO{port}{bit}", netlist.net(name, f"DO{port}{bit}"))
               for port in ports for bit in range(18)]
    registers = _registers_of(netlist, outputs)
    if registers is None:
        return
    clock = netlist.net(next(iter(registers.values())), "CLK")
    # What such a register does while the RAM is disabled or reset, the plain one did not.
    if any((netlist.net(name, f"CLK{port}"), netlist.net(name, f"CE{port}"),
            netlist.net(name, f"RST{port}")) != (clock, "1", "0") for port in ports):
        return
    _replace_outputs(netlist, name, registers)
    for port in ports:
        netlist.cells[name]["parameters"][f"REGMODE_{port}"] = "OUTREG"
        netlist.connect(name, f"OCE{port}", "1")


def _absorb_products(netlist: Netlist, name: str) -> None:
    outputs = [(f"P{bit}", netlist.net(name, f"P{bit}")) for bit in range(36)]
    registers = _registers_of(netlist, outputs)
    if registers is None:
        return
    clock = netlist.net(next(iter(registers.values())), "CLK")
    if netlist.net(name, "CLK0") not in (None, clock):
        return
    _replace_outputs(netlist, name, registers)
    _clock_multiplier(netlist, name, clock, ["OUTPUT"])


def _absorb_inputs(netlist: Netlist, name: str) -> None:
    """Only the inputs of both factors together: nextpnr knows no times for one alone."""
    inputs = [f"{factor}{bit}" for factor in "AB" for bit in range(18)]
    nets = {port: netlist.net(name, port) for port in inputs}
    registers = {net: netlist.drivers.get(net, ("",))[0]
                 for net in nets.values() if isinstance(net, int)}
    if not registers or not all(_is_plain(netlist, register) for register in registers.values()):
        return
    if any(cell != name or port not in nets
           for net in registers for cell, port, _ in netlist.sinks[net]):
        return
    clocks = {netlist.net(register, "CLK") for register in registers.values()}
    if len(clocks) != 1:
        return
    before = {net: netlist.net(register, "DI") for net, register in registers.items()}
    for register in registers.values():
        netlist.remove(register)
    for port, net in nets.items():
        if isinstance(net, int):
            netlist.connect(name, port, before[net])
    _clock_multiplier(netlist, name, clocks.pop(), ["INPUTA", "INPUTB"])


def _clock_multiplier(netlist: Netlist, name: str, clock: int, registers: list[str]) -> None:
    parameters = netlist.cells[name]["parameters"]
    for register in registers:
        parameters |= {f"REG_{register}_CLK": "CLK0", f"REG_{register}_CE": "CE0",
                       f"REG_{register}_RST": "RST0"}
    parameters |= {"GSR": "DISABLED", "RESETMODE": "SYNC"}
    netlist.connect(name, "CLK0", clock)
    netlist.connect(name, "CE0", "1")
    netlist.connect(name, "RST0", "0")


def split_fan_out(netlist: Netlist, limit: int = FAN_OUT) -> None:
    """Give copies to registers with more than ``limit`` sinks.

    Behind logic only to those with more than `CROWD`, since the copies slow that down. Sinks that
    belong together lie together, where they have places, or else have names that are near in order.
    """
    for name in netlist.of_type("TRELLIS_FF"):
        source = netlist.net(name, "DI")
        output = netlist.net(name, "Q")
        sinks = netlist.sinks[output] if isinstance(output, int) else []
        most = limit if _from_register(netlist, source) else max(limit, CROWD)
        if len(sinks) <= most or ("", "", 0) in sinks:
            continue
        first, *others = _neighbourhoods(netlist, sinks, limit)
        for number, group in enumerate(others):
            net = netlist.copy(name, number)
            for cell, port, index in group:
                netlist.cells[cell]["connections"][port][index] = net
                netlist.sinks[net].append((cell, port, index))
        netlist.sinks[output] = first


def _neighbourhoods(netlist: Netlist, sinks: list[Pin], limit: int) -> list[list[Pin]]:
    """Groups of at most ``limit`` sinks; those with places are in one row and half of the die."""
    parts: defaultdict[tuple[int, int], list[Pin]] = defaultdict(list)
    for pin in sinks:
        row, column = netlist.place(pin[0]) or (-1, 0)
        parts[row, column // _REACH].append(pin)
    groups = []
    for _, part in sorted(parts.items()):
        ordered = sorted(part, key=lambda pin: natural(pin[0]))
        size = -(-len(ordered) // -(-len(ordered) // limit))
        groups += [ordered[start:start + size] for start in range(0, len(ordered), size)]
    return groups


def _from_register(netlist: Netlist, net: Any) -> bool:
    driver = netlist.drivers.get(net)
    return isinstance(net, str) or (
        driver is not None and netlist.cells[driver[0]]["type"] == "TRELLIS_FF")


def natural(name: str) -> list[Any]:
    """Key to order by, with numbers in names as numbers."""
    return [int(part) if part.isdigit() else part for part in _DIGITS.split(name)]


def improve(path: Path, *more: Callable[[Netlist], None]) -> None:
    """Rewrite a netlist with all of these improvements, and ``more`` before fan-out is split."""
    design = json.loads(path.read_text())
    netlist = Netlist(design)
    trim_carry_chains(netlist)
    tie_carry_inputs(netlist)
    absorb_registers(netlist)
    for improvement in more:
        improvement(netlist)
    split_fan_out(netlist)
    path.write_text(json.dumps(design))

"""From the fabric of an iCE40 UltraPlus to Verilog of the cells in ``cells.v``.

Only what the output pin depends on is written. All logic must have the clock of the phase-locked
loop, which becomes the clock of the Verilog; the loop is locked while ``rst`` is low.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.boards.parts.ice40.fabric import Fabric, Pin

_TABLE_BITS = (4, 14, 15, 5, 6, 16, 17, 7, 3, 13, 12, 2, 1, 11, 10, 0)
"""Which bit of a logic cell is each entry of its table; input 0 counts 1, input 3 counts 8."""
_MODULE = re.compile(r"(^module (\w+).*?^endmodule\n)", re.MULTILINE | re.DOTALL)
_CARRY, _REGISTER, _SET, _ASYNCHRONOUS = 8, 9, 18, 19
_LOOP_OF_PAD, _SIMPLE_FEEDBACK, _UNDIVIDED = 2, 1, 0


@dataclass(frozen=True)
class Loop:
    """Divisors of the phase-locked loop."""

    reference: int
    feedback: int
    output_power: int

    def output_hz(self, pin_hz: float) -> float:
        """As SB_PLL40_PAD with FEEDBACK_PATH "SIMPLE" makes it of the clock at its pad."""
        return pin_hz / (self.reference + 1) * (self.feedback + 1) / 2**self.output_power


class Netlist:
    """Verilog of what a bitstream does; see `text` and `loop`.

    Args:
        fabric: the configured chip.
        receives: number of the package's pin that becomes the input ``rx``.
        sends: that of the output ``tx``.

    Raises:
        ValueError: the bitstream has something that is not described here.
    """

    def __init__(self, fabric: Fabric, receives: int, sends: int) -> None:
        self._fabric = fabric
        self._makers: dict[int, Callable[[], None]] = {}
        self._lines: list[str] = []
        self._made: set[int] = set()
        self._waiting: list[int] = []
        self._expressions: dict[int, str] = {}
        self._declared: list[str] = []
        self.counts: Counter[str] = Counter()
        """Cells of each kind that were written."""
        self.loop = self._find_loop()
        self._find_cells()
        self._input(receives, "rx")
        self._output(sends)
        while self._waiting:
            self._makers[self._waiting.pop()]()

    @property
    def text(self) -> str:
        """A module ``sterna`` with ports ``clk``, ``rst``, ``rx`` and ``tx``, and its cells."""
        models = _MODULE.findall((Path(__file__).parent / "cells.v").read_text())
        return "\n".join(["module sterna(input clk, input rst, input rx, output tx);",
                          *self._declared, *self._lines, "endmodule",
                          *(text for text, kind in models if self.counts[kind])])

    def _value(self, pin: Pin, unconnected: str = "1'b0") -> str:
        """What is at an input pin; ``unconnected`` where no switch is closed."""
        net = self._fabric.source(pin)
        if net in self._expressions:
            return self._expressions[net]
        if net not in self._makers:
            if net is not None and net != self._fabric.nets[pin]:
                raise ValueError(f"{pin}: driven by net {net}, which no cell drives")
            return unconnected
        if net not in self._made:
            self._made.add(net)
            self._waiting.append(net)
        return f"n{net}"

    def _clock(self, pin: Pin) -> None:
        if self._value(pin) != "clk":
            raise ValueError(f"{pin}: a clock that is not that of the phase-locked loop")

    # Pins and loop

    def _input(self, number: int, name: str) -> None:
        x, y, cell = self._fabric.pads[number]
        self._expressions[self._fabric.nets[x, y, f"io_{cell}/D_IN_0"]] = name

    def _output(self, number: int) -> None:
        x, y, cell = self._fabric.pads[number]
        kind = [self._fabric.bit(x, y, f"IOB_{cell}.PINTYPE_{bit}") for bit in range(2, 6)]
        # Not registered, and enabled always or by a pin that has no choice.
        enable = self._value((x, y, f"io_{cell}/OUT_ENB"), "1'b1")
        if kind[:2] != [False, True]:
            raise ValueError(f"pin {number}: an output of kind {kind}")
        data = self._value((x, y, f"io_{cell}/D_OUT_0"))
        self._lines.append(f"assign tx = {data} | ~{enable};")

    def _find_loop(self) -> Loop:
        fabric = self._fabric
        (pins,) = [pins for kind, pins in fabric.cells if kind == "PLL"]

        def number(name: str, bits: int) -> int:
            return sum(fabric.bit(*pins[f"{name}_{bit}"]) << bit for bit in range(bits))

        found = number("PLLTYPE", 3), number("FEEDBACK_PATH", 3), number("PLLOUT_SELECT_A", 2)
        if found != (_LOOP_OF_PAD, _SIMPLE_FEEDBACK, _UNDIVIDED):
            raise ValueError(f"a loop of type, feedback and output {found}")
        x, y, cell = pins["PLLOUT_A"]
        self._expressions[fabric.nets[x, y, f"io_{cell}/D_IN_0"]] = "clk"
        lock = fabric.source(pins["LOCK"])
        if lock is not None:
            self._expressions[lock] = "(~rst)"
        return Loop(number("DIVR", 4), number("DIVF", 7), number("DIVQ", 3))

    # Cells

    def _find_cells(self) -> None:
        nets = self._fabric.nets
        for (x, y), kind in self._fabric.kinds.items():
            if kind == "logic":
                for number in range(8):
                    self._find_logic(x, y, number)
                self._carry_into(x, y)
            elif kind == "ramb":
                self._register(lambda x=x, y=y: self._ram(x, y), [
                    nets[tile] for bit in range(16)
                    for tile in [(x, y, f"ram/RDATA_{bit}"), (x, y + 1, f"ram/RDATA_{bit}")]
                    if tile in nets])
        for kind, pins in self._fabric.cells:
            if kind in ("MAC16", "SPRAM"):
                outputs = [net for name, pin in pins.items()
                           if name.startswith(("O_", "DATAOUT_")) or name == "CO"
                           for net in [nets.get(pin)] if net is not None]
                make = self._multiplier if kind == "MAC16" else self._single_port_ram
                self._register(lambda make=make, pins=pins: make(pins), outputs)

    def _register(self, make: Callable[[], None], outputs: list[int]) -> None:
        """Let a cell be written once, when the first of its outputs is wanted."""
        done: list[bool] = []

        def once() -> None:
            if not done:
                done.append(True)
                make()

        for net in outputs:
            self._makers[net] = once

    def _find_logic(self, x: int, y: int, number: int) -> None:
        nets, cell = self._fabric.nets, f"lutff_{number}"
        bits = self._fabric.bits((x, y), f"LC_{number}")
        table = {bits[place] for place in _TABLE_BITS}
        out = nets[x, y, f"{cell}/out"]
        if len(table) == 1 and not bits[_REGISTER]:  # also the clock of a port that is not used
            self._expressions[out] = f"1'b{int(table.pop())}"
        self._makers[out] = lambda: self._logic(x, y, number, "out")
        for output in ("lout", "cout"):
            net = nets.get((x, y, f"{cell}/{output}"))
            if net is not None:
                self._makers[net] = lambda output=output: self._logic(x, y, number, output)

    def _carry_into(self, x: int, y: int) -> None:
        """The carry into a tile is that of the tile below, or one."""
        net = self._fabric.nets.get((x, y, "carry_in_mux"))
        if net is not None and self._fabric.bit(x, y, "CarryInSet"):
            self._fabric.drivers.pop(net, None)
            self._expressions[net] = "1'b1"

    def _logic(self, x: int, y: int, number: int, output: str) -> None:
        fabric, cell = self._fabric, f"lutff_{number}"
        name = f"n{fabric.nets[x, y, f'{cell}/{output}']}"
        bits = fabric.bits((x, y), f"LC_{number}")
        inputs = [self._value((x, y, f"{cell}/in_{bit}")) for bit in range(4)]
        if output == "cout":
            below = (x, y, f"lutff_{number - 1}/cout") if number else (x, y, "carry_in_mux")
            first, second, carry = inputs[1], inputs[2], self._value(below)
            self._wire("carry", name, f"{first} & {second} | ({first} | {second}) & {carry}"
                       if bits[_CARRY] else "1'b0")
            return
        value = _expression([bits[place] for place in _TABLE_BITS], inputs)
        if output == "lout" or not bits[_REGISTER]:
            self._wire("table", name, value)
            return
        self.counts["register"] += 1
        self._clock((x, y, "lutff_global/clk"))
        edge = "negedge clk" if fabric.bit(x, y, "NegClk") else "posedge clk"
        enable = self._value((x, y, "lutff_global/cen"), "1'b1")
        reset = self._value((x, y, "lutff_global/s_r"))
        to = f"1'b{int(bits[_SET])}"
        self._declared.append(f"reg {name} = 0;")
        if bits[_ASYNCHRONOUS]:
            self._lines.append(f"always @({edge} or posedge {reset}) if ({reset}) {name} <= {to}; "
                               f"else if ({enable}) {name} <= {value};")
        else:
            value = f"{reset} ? {to} : {value}"
            self._lines.append(f"always @({edge}) if ({enable}) {name} <= {value};")

    def _wire(self, kind: str, name: str, value: str) -> None:
        self.counts[kind] += 1
        self._declared.append(f"wire {name};")
        self._lines.append(f"assign {name} = {value};")

    def _instance(self, kind: str, parameters: dict[str, str], pins: dict[str, str],
                  outputs: dict[str, list[int | None]]) -> None:
        """Write a cell of ``cells.v``; the nets of its outputs come with the highest bit first."""
        self.counts[kind] += 1
        for port, nets in outputs.items():
            number = len(self._declared)
            names = [f"n{net}" if net is not None else f"u{number}_{place}"
                     for place, net in enumerate(nets)]
            self._declared.append(f"wire {', '.join(names)};")
            pins[port] = f"{{{', '.join(names)}}}"
        given = ", ".join(f".{name}({value})" for name, value in parameters.items())
        connected = ", ".join(f".{name}({value})" for name, value in pins.items())
        self._lines.append(f"{kind} #({given}) c{len(self._lines)}(.clk(clk), {connected});")

    def _nets(self, pins: list[Pin]) -> list[int | None]:
        """The nets of a bus of outputs, the highest bit first."""
        return [self._fabric.nets.get(pin) for pin in reversed(pins)]

    def _vector(self, pins: list[Pin]) -> str:
        return f"{{{', '.join(self._value(pin) for pin in reversed(pins))}}}"

    def _ram(self, x: int, y: int) -> None:
        fabric, one = self._fabric, "1'b1"

        def pin(name: str) -> Pin:
            """Which of the two tiles has it, the data base says."""
            (found,) = [place for place in ((x, y, f"ram/{name}"), (x, y + 1, f"ram/{name}"))
                        if place in fabric.nets]
            return found

        def vector(name: str, bits: int) -> str:
            return self._vector([pin(f"{name}_{bit}") for bit in range(bits)])

        def falling(clock: str) -> str:
            """The bit that turns a clock round is in the tile where the clock is."""
            return str(int(fabric.bit(*pin(clock)[:2], "NegClk")))

        def enabled(clock: str, *enables: str) -> str:
            """When a port works; the enable of a clock is high when nothing is connected."""
            if self._value(pin(clock)) == "1'b0":
                return "1'b0"
            self._clock(pin(clock))
            return " & ".join(self._value(pin(name), one if name.endswith("CLKE") else "1'b0")
                              for name in enables)

        modes = [fabric.bit(x, y + 1, f"CBIT_{bit}") for bit in range(4)]
        contents = "".join(reversed(fabric.rams.get((x, y), ["0" * 64] * 16)))
        parameters = {
            "WRITE_MODE": str(modes[0] + 2 * modes[1]), "READ_MODE": str(modes[2] + 2 * modes[3]),
            "FALLING_WRITE": falling("WCLK"), "FALLING_READ": falling("RCLK"),
            "CONTENTS": f"4096'h{contents}",
        }
        self.counts["falling_read"] += int(parameters["FALLING_READ"])
        self._instance("block_ram", parameters, {
            "write_address": vector("WADDR", 11), "read_address": vector("RADDR", 11),
            "mask": vector("MASK", 16), "data": vector("WDATA", 16),
            "write": enabled("WCLK", "WE", "WCLKE"), "read": enabled("RCLK", "RE", "RCLKE"),
        }, {"value": self._nets([pin(f"RDATA_{bit}") for bit in range(16)])})

    def _single_port_ram(self, pins: dict[str, Pin]) -> None:
        if not self._fabric.bit(*pins["SPRAM_EN"]):
            raise ValueError("a single-port RAM that is not enabled")
        self._clock(pins["CLOCK"])
        self._instance("single_port_ram", {}, {
            "address": self._vector([pins[f"ADDRESS_{bit}"] for bit in range(14)]),
            "data": self._vector([pins[f"DATAIN_{bit}"] for bit in range(16)]),
            "mask": self._vector([pins[f"MASKWREN_{bit}"] for bit in range(4)]),
            **{name.lower(): self._value(pins[name])
               for name in ("WREN", "CHIPSELECT", "STANDBY", "SLEEP", "POWEROFF")},
        }, {"value": self._nets([pins[f"DATAOUT_{bit}"] for bit in range(16)])})

    def _multiplier(self, pins: dict[str, Pin]) -> None:
        fabric = self._fabric
        settings: dict[str, int] = {}
        for name, place in pins.items():
            if place[2].startswith("CBIT_"):
                base, _, bit = name.rpartition("_")
                if bit not in ("0", "1"):
                    base, bit = name, "0"
                settings[base] = settings.get(base, 0) | fabric.bit(*place) << int(bit)
        parameters = {name.upper(): str(value) for name, value in settings.items()}
        if 1 in (settings["TOPOUTPUT_SELECT"], settings["BOTOUTPUT_SELECT"]) or any(
                value for name, value in settings.items() if "REG" in name):
            self._clock(pins["CLK"])
            if fabric.bit(*pins["CLK"][:2], "NegClk"):
                raise ValueError("a multiplier with a falling edge")
        one_bit = ["AHOLD", "BHOLD", "CHOLD", "DHOLD", "IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT",
                   "OLOADTOP", "OLOADBOT", "ADDSUBTOP", "ADDSUBBOT", "OHOLDTOP", "OHOLDBOT", "CI"]
        inputs = {name: self._value(pins[name]) for name in one_bit}
        inputs["CE"] = self._value(pins["CE"], "1'b1")
        inputs |= {name: self._vector([pins[f"{name}_{bit}"] for bit in range(16)])
                   for name in "ABCD"}
        self._instance("multiplier", parameters, inputs, {
            "O": self._nets([pins[f"O_{bit}"] for bit in range(32)]),
            "CO": self._nets([pins["CO"]])})


def _expression(table: list[bool], inputs: list[str]) -> str:
    """Verilog of a table; the last input halves it first."""
    if len(set(table)) == 1:
        return f"1'b{int(table[0])}"
    name, half = inputs[-1], len(table) // 2
    low, high = table[:half], table[half:]
    if name == "1'b0" or low == high:
        return _expression(low, inputs[:-1])
    if name == "1'b1":
        return _expression(high, inputs[:-1])
    if all(one != other for one, other in zip(low, high, strict=True)):
        return f"({name} ^ {_expression(low, inputs[:-1])})"
    return (f"({name} ? {_expression(high, inputs[:-1])} : {_expression(low, inputs[:-1])})")

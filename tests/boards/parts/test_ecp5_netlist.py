"""Improvements of an ECP5 netlist, on small ones made by hand."""

from __future__ import annotations

import json
import random
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from sterna_boards.parts.ecp5_netlist import (
    OPEN,
    Netlist,
    absorb_registers,
    improve,
    split_fan_out,
    tie_carry_inputs,
    trim_carry_chains,
)

CLOCK = 1
PLAIN = {"CEMUX": "1 ", "CLKMUX": "CLK", "LSRMUX": "LSR", "REGSET": "RESET"}
OUTPUTS = {"Q", "Z", "COUT", "S0", "S1", *(f"P{bit}" for bit in range(36)),
           *(f"DO{port}{bit}" for port in "AB" for bit in range(18))}


class Maker:
    """Collects cells; nets are numbered from 100 on."""

    def __init__(self) -> None:
        self.cells: dict[str, Any] = {}
        self._nets = count(100)

    def net(self) -> int:
        return next(self._nets)

    def cell(self, name: str, kind: str, parameters: dict[str, str], **nets: Any) -> None:
        self.cells[name] = {
            "type": kind, "parameters": dict(parameters), "attributes": {},
            "port_directions": {port: "output" if port in OUTPUTS else "input" for port in nets},
            "connections": {port: [net] for port, net in nets.items()},
        }

    def register(self, name: str, data: Any, **changes: Any) -> int:
        output = self.net()
        parameters = PLAIN | {key: value for key, value in changes.items() if key in PLAIN}
        ports = {key: value for key, value in changes.items() if key not in PLAIN}
        self.cell(name, "TRELLIS_FF", parameters, DI=data, Q=output,
                  **{"CLK": CLOCK, "LSR": "0", **ports})
        return output

    def look(self, *nets: int) -> None:
        """Something that uses these nets."""
        for net in nets:
            self.cell(f"user_{net}", "LUT4", {}, A=net, Z=self.net())

    def design(self, ports: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"modules": {
            "TRELLIS_FF": {"attributes": {"blackbox": "1"}, "cells": {}, "ports": {}},
            "top": {"attributes": {"top": "00000001"}, "cells": self.cells, "netnames": {},
                    "ports": ports or {}},
        }}

    def netlist(self) -> Netlist:
        return Netlist(self.design())


def _carries(maker: Maker, first: dict[str, Any], last: dict[str, Any]) -> None:
    between = maker.net()
    maker.cell("first", "CCU2C", {"INIT0": f"{0x000A:016b}"}, COUT=between, S1=maker.net(),
               **{"A0": maker.net(), "B0": "0", "C0": "1", "D0": "0", "CIN": "0", **first})
    maker.cell("last", "CCU2C", {"INIT0": f"{0x6996:016b}"}, CIN=between, S0=maker.net(), **last)


def test_carries_without_meaning_are_cut() -> None:
    maker = Maker()
    _carries(maker, {}, {"COUT": maker.net()})
    netlist = maker.netlist()
    trim_carry_chains(netlist)
    assert netlist.net("first", "CIN") == OPEN == netlist.net("last", "COUT")
    assert netlist.net("first", "COUT") == netlist.net("last", "CIN")


@pytest.mark.parametrize("first", [{"D0": "1"}, {"C0": 50}, {"CIN": 60}, {"S0": 61}])
def test_carries_that_count_stay(first: dict[str, Any]) -> None:
    """The first half may propagate, the carry is no constant, or the sum shows it."""
    maker = Maker()
    carry = maker.net()
    _carries(maker, first, {"COUT": carry})
    if first == {"D0": "1"}:
        maker.cells["first"]["parameters"]["INIT0"] = f"{0x6996:016b}"
    elif first == {"C0": 50}:
        maker.cells["first"]["parameters"]["INIT0"] = f"{0x0011:016b}"
    maker.look(carry, 61)
    netlist = maker.netlist()
    trim_carry_chains(netlist)
    assert netlist.net("first", "CIN") == first.get("CIN", "0")
    assert netlist.net("last", "COUT") == carry


def _half(table: int, inputs: dict[str, int]) -> tuple[int, int]:
    """What a half of a carry cell propagates and generates, after yosys' model of CCU2C."""
    index = sum(inputs[port] << bit for bit, port in enumerate("ABCD"))
    return table >> index & 1, table >> (index & 3) & 1


@pytest.mark.parametrize("zeros", ["C", "D", "CD"])
def test_zeros_at_carry_cells_become_ones(zeros: str) -> None:
    rng = random.Random(zeros)
    for _ in range(20):
        maker, tables = Maker(), {half: rng.randrange(1 << 16) for half in "01"}
        nets = {f"{port}{half}": "0" if port in zeros else maker.net()
                for half in "01" for port in "ABCD"}
        maker.cell("sum", "CCU2C", {f"INIT{half}": f"{table:016b}"
                                    for half, table in tables.items()}, **nets)
        netlist = maker.netlist()
        tie_carry_inputs(netlist)
        for half, before in tables.items():
            after = int(netlist.parameter("sum", f"INIT{half}"), 2)
            for values in product((0, 1), repeat=4):
                inputs = dict(zip("ABCD", values, strict=True))
                zero, one = (inputs | dict.fromkeys(zeros, level) for level in (0, 1))
                assert _half(after, one) == _half(before, zero)
            assert all(netlist.net("sum", port + half) == "1" for port in zeros)


def _ram(maker: Maker, name: str, width: int, outputs: dict[str, Any]) -> None:
    size = f"{width:032b}"
    maker.cell(name, "DP16KD", {"DATA_WIDTH_A": size, "DATA_WIDTH_B": size,
                                "REGMODE_A": "NOREG", "REGMODE_B": "NOREG"},
               **{"CLKA": CLOCK, "CLKB": CLOCK, "CEA": "1", "CEB": "1", "RSTA": "0", "RSTB": "0",
                  "OCEA": "0", "OCEB": "1", **outputs})


@pytest.mark.parametrize("width, ports", [(18, "B"), (36, "AB")])
def test_registers_move_into_a_block_ram(width: int, ports: str) -> None:
    maker = Maker()
    outputs = {f"DO{port}{bit}": maker.net() for port in ports for bit in range(18)}
    _ram(maker, "ram", width, outputs | {"DOA0": outputs.get("DOA0", maker.net())})
    words = {port: maker.register(f"word_{port}", net) for port, net in outputs.items()}
    maker.look(*words.values())
    netlist = maker.netlist()
    absorb_registers(netlist)
    assert not netlist.of_type("TRELLIS_FF")
    assert {port: netlist.net("ram", port) for port in words} == words
    for port in "AB":
        registered = "OUTREG" if port in ports else "NOREG"
        assert netlist.parameter("ram", f"REGMODE_{port}") == registered
    assert all(netlist.net("ram", f"OCE{port}") == "1" for port in ports)


@pytest.mark.parametrize("port, level", [("CEB", 5), ("CEB", "0"), ("RSTB", 5), ("RSTB", "1")])
def test_registers_stay_behind_a_block_ram_that_can_pause(port: str, level: Any) -> None:
    maker = Maker()
    outputs = {f"DOB{bit}": maker.net() for bit in range(18)}
    _ram(maker, "ram", 18, outputs | {port: level})
    maker.look(*(maker.register(name, net) for name, net in outputs.items()))
    netlist = maker.netlist()
    absorb_registers(netlist)
    assert len(netlist.of_type("TRELLIS_FF")) == 18


@pytest.mark.parametrize("change", [
    {"CE": 70, "CEMUX": "CE"}, {"LSR": 71}, {"REGSET": "SET"}, {"CLK": 72}, "seen"])
def test_a_block_ram_keeps_its_registers_outside(change: Any) -> None:
    """One bit that is enabled, reset, set at the start, of another clock, or looked at before."""
    maker = Maker()
    outputs = {f"DOB{bit}": maker.net() for bit in range(4)}
    _ram(maker, "ram", 18, outputs)
    for index, net in enumerate(outputs.values()):
        odd = change if isinstance(change, dict) and index == 2 else {}
        maker.look(maker.register(f"word_{index}", net, **odd))
    if change == "seen":
        maker.look(outputs["DOB1"])
    netlist = maker.netlist()
    absorb_registers(netlist)
    assert len(netlist.of_type("TRELLIS_FF")) == 4
    assert netlist.parameter("ram", "REGMODE_B") == "NOREG"


def _multiplier(maker: Maker, square: bool = False, **changes: Any) -> tuple[list[int], list[int]]:
    sources = [maker.net() for _ in range(36)]
    factors = [maker.register(f"factor_{index}", net, **(changes if index == 5 else {}))
               for index, net in enumerate(sources)]
    maker.look(*sources)
    if square:
        factors[18:] = factors[:18]
    products = [maker.net() for _ in range(36)]
    maker.cell("multiplier", "MULT18X18D", {}, SIGNEDA="1", SIGNEDB="1",
               **{f"A{bit}": net for bit, net in enumerate(factors[:18])},
               **{f"B{bit}": net for bit, net in enumerate(factors[18:])},
               **{f"P{bit}": net for bit, net in enumerate(products)})
    return sources, products


@pytest.mark.parametrize("square", [False, True])
def test_registers_move_into_a_multiplier(square: bool) -> None:
    maker = Maker()
    sources, products = _multiplier(maker, square)
    words = [maker.register(f"word_{bit}", net) for bit, net in enumerate(products)]
    maker.look(*words)
    netlist = maker.netlist()
    absorb_registers(netlist)
    factors = [netlist.net("multiplier", f"{port}{bit}") for port in "AB" for bit in range(18)]
    assert factors == (sources[:18] * 2 if square else sources)
    assert [netlist.net("multiplier", f"P{bit}") for bit in range(36)] == words
    for register in ("INPUTA", "INPUTB", "OUTPUT"):
        assert netlist.parameter("multiplier", f"REG_{register}_CLK") == "CLK0"
    assert netlist.net("multiplier", "CLK0") == CLOCK
    assert [netlist.net("multiplier", port) for port in ("CE0", "RST0")] == ["1", "0"]


@pytest.mark.parametrize("change", [{"CE": 70, "CEMUX": "CE"}, {"LSR": 71}])
def test_a_multiplier_keeps_its_factors_outside(change: dict[str, Any]) -> None:
    maker = Maker()
    _, products = _multiplier(maker, **change)
    maker.look(*products)
    netlist = maker.netlist()
    absorb_registers(netlist)
    assert len(netlist.of_type("TRELLIS_FF")) == 36
    assert netlist.cells["multiplier"]["parameters"] == {}


def test_copies_share_the_sinks_in_order_of_names() -> None:
    maker = Maker()
    source = maker.register("source", 50)
    wide = maker.register("wide", source)
    for index in range(25):
        maker.cell(f"sink_{index}", "LUT4", {}, A=wide, B=wide, Z=maker.net())
    netlist = maker.netlist()
    split_fan_out(netlist, 20)
    nets = [netlist.net(f"sink_{index}", port) for index in range(25) for port in "AB"]
    copies = list(dict.fromkeys(nets))
    assert nets == sorted(nets, key=copies.index) and len(copies) == 3
    assert all(nets.count(net) <= 20 and len(netlist.sinks[net]) == nets.count(net)
               for net in copies)
    for net in copies:
        register = netlist.drivers[net][0]
        assert netlist.net(register, "DI") == source and netlist.net(register, "CLK") == CLOCK
    assert len(netlist.sinks[source]) == 3


def test_copies_for_sinks_with_places_stay_in_one_part_of_the_die() -> None:
    maker = Maker()
    wide = maker.register("wide", maker.register("source", 50))
    for index in range(24):
        maker.cell(f"sink_{index}", "DP16KD", {}, ADB4=wide)
    netlist = maker.netlist()
    for index in range(24):
        netlist.fix(f"sink_{index}", 4 + 5 * index, 22 if index % 2 else 46, "EBR0")
    split_fan_out(netlist, 20)
    groups: dict[Any, set[Any]] = {}
    for index in range(24):
        row, column = netlist.place(f"sink_{index}") or (0, 0)
        groups.setdefault(netlist.net(f"sink_{index}", "ADB4"), set()).add((row, column < 64))
    assert len(groups) == 4 and all(len(parts) == 1 for parts in groups.values())


@pytest.mark.parametrize(("sinks", "registers"), [(20, 2), (33, 5)])
def test_behind_logic_copies_only_for_a_crowd_of_sinks(sinks: int, registers: int) -> None:
    maker = Maker()
    maker.cell("logic", "LUT4", {}, A=50, Z=51)
    few, behind = maker.register("few", 50), maker.register("behind", 51)
    for index in range(sinks):
        maker.cell(f"sink_{index}", "LUT4", {}, A=few if index < 20 else "0", B=behind, C=behind,
                   Z=maker.net())
    netlist = maker.netlist()
    split_fan_out(netlist, 20)
    assert len(netlist.of_type("TRELLIS_FF")) == registers


def test_a_register_at_a_port_stays(tmp_path: Path) -> None:
    maker = Maker()
    ram = maker.net()
    _ram(maker, "ram", 18, {"DOB0": ram})
    maker.look(maker.register("word", ram))
    path = tmp_path / "netlist.json"
    for ports, registers in (({"out": {"bits": [ram]}}, 1), ({}, 0)):
        path.write_text(json.dumps(maker.design(ports)))
        improve(path)
        cells = json.loads(path.read_text())["modules"]["top"]["cells"]
        assert sum(cell["type"] == "TRELLIS_FF" for cell in cells.values()) == registers

"""Reading nextpnr's reports, and the words for a missed clock."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sterna.errors import CheckError, InputError
from sterna_boards.flows.open.build import check_timing
from sterna_boards.flows.open.report import Area, BuildReport, read_report


def _step(kind: str, delay: float, source: str, sink: str) -> dict[str, Any]:
    return {"type": kind, "delay": delay, "from": {"cell": source}, "to": {"cell": sink}}


def _path(clock: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"from": f"posedge {clock}", "to": f"posedge {clock}", "path": list(steps)}


FAST = _path("pin", _step("clk-to-q", 0.5, "a", "a"), _step("routing", 1.0, "a", "b"))
SLOW = _path(
    "clock",
    _step("clk-to-q", 0.5, "core.tree.x", "core.tree.x"),
    _step("routing", 6.25, "core.tree.x", "core.adder"),
    _step("logic", 0.25, "core.adder", "core.adder"),
    _step("routing", 4.0, "core.adder", "core.sum"),
    _step("setup", 0.0, "core.sum", "core.sum"),
)


def _report(folder: Path, utilization: dict[str, int], achieved: float = 90.0) -> Path:
    path = folder / "report.json"
    path.write_text(json.dumps({
        "fmax": {"pin": {"achieved": 300.0, "constraint": 25.0},
                 "clock": {"achieved": achieved, "constraint": 100.1}},
        "utilization": {name: {"used": used, "available": 9999}
                        for name, used in utilization.items()},
        "critical_paths": [FAST, SLOW],
    }))
    return path


def test_slowest_path_of_the_wanted_clock(tmp_path: Path) -> None:
    routed = read_report(_report(tmp_path, {}), 100e6)
    assert (routed.fmax_mhz, routed.timing_met) == (90.0, False)
    path = routed.critical_path
    assert path is not None
    assert path.delay == pytest.approx(11.0)
    assert str(path) == ("core.tree.x to core.sum: 11.00 ns in 5 steps "
                         "(logic 0.75, routing 10.25)")
    assert path.cells == ("core.adder", "core.sum")


@pytest.mark.parametrize(("into", "fmax"), [(0.75, 90.0), (6.0, 1e3 / 16.05)])
def test_multipliers_without_registers_are_passed_through(tmp_path: Path, into: float,
                                                          fmax: float) -> None:
    """The way in, the multiplier, and the way out; from pins it is nobody's."""
    path = _report(tmp_path, {})
    report = json.loads(path.read_text())

    def way(first: str, last: str, *steps: dict[str, Any]) -> dict[str, Any]:
        return {"from": first, "to": last, "path": list(steps)}

    report["critical_paths"] += [
        way("posedge clock", "posedge $PACKER_GND_NET_$glb_clk", _step("clk-to-q", 0.5, "a", "a"),
            _step("routing", into - 0.5, "a", "dsp"), _step("setup", 0.1, "dsp", "dsp")),
        way("posedge $PACKER_GND_NET_$glb_clk", "posedge clock",
            _step("clk-to-q", 0.1, "dsp", "dsp"), _step("routing", 0.75, "dsp", "b"),
            _step("setup", 0.25, "b", "b")),
        way("<async>", "posedge $PACKER_GND_NET_$glb_clk", _step("source", 0.0, "p", "p"),
            _step("routing", 90.0, "p", "dsp"), _step("setup", 0.1, "dsp", "dsp"))]
    path.write_text(json.dumps(report))
    routed = read_report(path, 100e6)
    assert routed.fmax_mhz == pytest.approx(fmax) and not routed.timing_met
    found = routed.critical_path
    assert found is not None and found.delay == pytest.approx(max(11.0, into + 9.05 + 1.0))
    assert (found.source, found.sink) == (("a", "b") if into > 1 else ("core.tree.x", "core.sum"))


def test_a_clock_that_is_met(tmp_path: Path) -> None:
    assert read_report(_report(tmp_path, {}, 100.2), 100e6).timing_met


def test_a_clock_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no clock of 50 MHz, only pin, clock"):
        read_report(_report(tmp_path, {}), 50e6)


@pytest.mark.parametrize("utilization, area", [
    ({"TRELLIS_COMB": 7, "TRELLIS_FF": 5, "DP16KD": 3, "MULT18X18D": 2}, Area(7, 5, 3, 2, 0)),
    ({"LUT4": 10, "ALU": 4, "RAM16SDP4": 2, "DFF": 6, "BSRAM": 1, "MULT18X18": 3},
     Area(22, 6, 1, 3, 0)),
    ({"ICESTORM_LC": 9, "ICESTORM_RAM": 8, "ICESTORM_DSP": 4, "ICESTORM_SPRAM": 2},
     Area(9, 2, 8, 4, 2)),
])
def test_cells_of_each_family(tmp_path: Path, utilization: dict[str, int], area: Area) -> None:
    cells = {name: {"type": kind} for name, kind in
             (("a", "SB_DFF"), ("b", "SB_DFFESR"), ("c", "SB_LUT4"))}
    netlist = {"modules": {"top": {"cells": cells}, "SB_LUT4": {}}}
    assert read_report(_report(tmp_path, utilization), 100e6, netlist).area == area


@pytest.mark.parametrize("cell, weight", [
    # Multipliers of 18 by 18 bits in each of the slice's shapes (Gowin UG287, nextpnr's bels: of
    # 48 MULT18X18 there are 24 MULTADDALU18X18, 24 MULTALU36X18, 12 MULT36X36, 96 MULT9X9).
    ("MULT9X9", 0.5), ("MULT18X18", 1), ("MULTALU18X18", 1), ("MULTADDALU18X18", 2),
    ("MULTALU36X18", 2), ("MULT36X36", 4), ("MULT18X18D", 1), ("ICESTORM_DSP", 1),
])
def test_what_a_multiplier_cell_takes(tmp_path: Path, cell: str, weight: float) -> None:
    for used in (1, 2, 7):
        area = read_report(_report(tmp_path, {cell: used}), 100e6).area
        assert area == Area(0, 0, 0, int(weight * used + 0.5), 0)


MISSED = BuildReport(
    board="ulx3s-85f", device="LFE5U-85F-6BG381C", design="accelerator",
    bitstream=Path("/x/sterna.bit"), clock_mhz=100.0, fmax_mhz=90.04, timing_met=False,
    seeds={1: 88.0, 2: 90.04}, lanes=512, luts=8192, luts_per_lane=16.0, ffs=1, block_rams=2,
    dsps=3, single_port_rams=0, critical_path="a to b: 11.1 ns", logs=(Path("/x/sterna.tim"),),
    tools={"yosys": "0.70"},
)


def test_missed_clock_names_the_path() -> None:
    with pytest.raises(CheckError, match="ulx3s-85f: 90.0 MHz instead of 100.0 MHz; slowest is a "
                                         "to b: 11.1 ns"):
        check_timing(MISSED)
    check_timing(replace(MISSED, timing_met=True))


def test_report_is_one_json_object() -> None:
    read = json.loads(MISSED.to_json())
    assert read["bitstream"] == "/x/sterna.bit"
    assert read["seeds"] == {"1": 88.0, "2": 90.04}
    assert read["luts_per_lane"] == 16.0 and read["timing_met"] is False

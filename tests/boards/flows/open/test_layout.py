"""What lies where on a die, and what is slow, of what nextpnr writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sterna_boards.flows.open.layout import keep_layout, layout, register_of

from tests.sw.report.kept import DEVICE, UNITS, placed, timed


def test_every_placed_cell_is_in_a_tile() -> None:
    found = layout(placed(), {"critical_paths": []}, DEVICE)
    assert found["tiles"] == [26, 32] and found["units"].keys() == {*UNITS}
    for number, unit in enumerate(UNITS):
        kinds = found["units"][unit]
        assert sum(kinds["logic"][2::3]) == 160 - 16 * number
        assert set(kinds["logic"][1::3]) == {1 + 3 * number}
    assert found["units"]["core.codes"]["memory"] == [6, 3, 1]
    assert found["units"]["core.neurons"]["multiplier"] == [25, 10, 1]
    assert found["paths"] == found["latest"] == []


@pytest.mark.parametrize(("kind", "place", "wanted"), [
    ("TRELLIS_COMB", "X4/Y7/SLICEA.COMB1", "logic"), ("TRELLIS_RAMW", "X1/Y1/SLICEC.RAMW", "logic"),
    ("DP16KD", "X10/Y37/EBR3", "memory"), ("MULT18X18D", "X18/Y13/MULT18_5", "multiplier"),
    ("DCCA", "X3/Y25/LDCC6", "pins and clocks"), ("ICESTORM_SPRAM", "X0/Y0/spram_2", "memory"),
    ("LUT4", "X5Y3/LUT7", "logic"), ("SDPB", "X9Y10/BSRAM", "memory"),
    ("MULT18X18", "X9Y28/DSP0", "multiplier")])
def test_kinds_of_all_families(kind: str, place: str, wanted: str) -> None:
    cells = {"core.one.a": {"type": kind, "attributes": {"NEXTPNR_BEL": place}}}
    found = layout({"modules": {"top": {"cells": cells}}}, {"critical_paths": []}, "other")
    assert [*found["units"]["core.one"]] == [wanted]
    column, row, _ = found["units"]["core.one"][wanted]
    assert found["tiles"] == [column + 1, row + 1]


def test_paths_and_what_arrives_last() -> None:
    found = layout(placed(), timed(), DEVICE)
    assert [path["delay"] for path in found["paths"]] == [6.0, 1.75]
    assert [step["at"] for step in found["paths"][0]["steps"]] == [(3, 1), (9, 4), (9, 4)]
    assert found["latest"] == [
        {"register": "core.link.right", "clock": "posedge clk", "bits": 2, "delay": 5.5,
         "from": "core.neurons.left"},
        {"register": "core.link.other", "clock": "posedge clk", "bits": 1, "delay": 3.25,
         "from": "core.neurons.left"}]


def test_arrivals_are_counted_from_where_paths_are() -> None:
    """An iCE40's have the clock's way to the first register as well."""
    report = timed()
    last = report["critical_paths"][0]["path"][1]["to"]
    ends = [end for net in report["detailed_net_timings"] for end in net["endpoints"]]
    for end in ends:
        end["delay"] = [0.9 + max(np.atleast_1d(end["delay"]))] * 2
        end["port"] = last["port"] if end["cell"] == last["cell"] else end["port"]
    found = layout(placed(), report, DEVICE)["latest"]
    assert [one["delay"] for one in found] == pytest.approx([5.5, 3.25])


def test_only_the_report_becomes_smaller(tmp_path: Path) -> None:
    for name, value in (("placed", placed()), ("report", timed() | {"fmax": {"clk": 5}})):
        (tmp_path / name).write_text(json.dumps(value))
    keep_layout(tmp_path / "placed", tmp_path / "report", DEVICE, tmp_path / "layout")
    assert json.loads((tmp_path / "report").read_text()).keys() == {"critical_paths", "fmax"}
    assert json.loads((tmp_path / "layout").read_text())["latest"]


def test_cells_are_named_after_the_wire_that_they_drive() -> None:
    for cell, wire in (("serial.core.engine.step_TRELLIS_FF_Q_12_DI_LUT4_Z", "core.engine.step"),
                       ("tx$11.buf0", "tx"), ("serial.core.a_LUT4_Z_B_CCU2C_S0", "core.a"),
                       ("serial.uart.busy_SB_DFFESR_Q_DFFLC", "uart.busy"), ("plain", "plain")):
        assert register_of(cell) == wire

"""Places of the weights' block RAMs, on netlists of nothing but block RAMs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sterna_boards.ecp5_floorplan import place_weights
from sterna_boards.ecp5_netlist import Netlist
from sterna_boards.tools import find_tools

PART = "LFE5U-85F-6BG381C"
MIDDLE = {60, 62}


def _netlist(banks: int, per_bank: int = 2) -> Netlist:
    cells: dict[str, Any] = {
        name: {"type": "DP16KD", "attributes": {}, "parameters": {}, "port_directions": {},
               "connections": {}}
        for bank in range(banks) for part in range(per_bank)
        for name in (f"core.weights.memory.bank_{bank}.ram.0.{part}",
                     f"core.vector.memory.copy_a.0.{bank}_{part}")}
    return Netlist({"modules": {"top": {"attributes": {"top": "1"}, "cells": cells, "ports": {},
                                        "netnames": {}}}})


def _places(netlist: Netlist) -> dict[str, tuple[int, int]]:
    found = {name: netlist.place(name) for name in netlist.cells}
    return {name: place for name, place in found.items() if place}


@pytest.mark.parametrize(("rows", "banks", "per_bank"), [(16, 80, 2), (8, 40, 4), (32, 160, 1)])
def test_every_matrix_row_lies_along_a_row_of_block_ram(
        rows: int, banks: int, per_bank: int) -> None:
    netlist = _netlist(banks, per_bank)
    place_weights(netlist, PART, rows)
    places = _places(netlist)
    assert len(places) == len(set(places.values())) == banks * per_bank
    assert all(".weights." in name for name in places)
    length = banks // rows
    for row in range(rows):
        line = [places[f"core.weights.memory.bank_{bank}.ram.0.{part}"]
                for bank in range(row * length, (row + 1) * length) for part in range(per_bank)]
        assert len({tile_row for tile_row, _ in line}) == 1
        columns = [column for _, column in line]
        assert columns == sorted(columns)
    # The other block RAMs find sites in the middle.
    assert not {column for _, column in places.values()} & MIDDLE


@pytest.mark.parametrize(("device", "rows", "banks"), [
    ("LFE5U-25F-6BG381C", 16, 80),  # another part
    (PART, 0, 80),  # no ternary engine
    (PART, 16, 82),  # banks that belong to two rows
    (PART, 16, 160),  # more than the part has
    (PART, 16, 0),  # weights outside
])
def test_what_does_not_fit_the_plan_is_left_to_the_placer(
        device: str, rows: int, banks: int) -> None:
    netlist = _netlist(banks)
    place_weights(netlist, device, rows)
    assert not _places(netlist)


@pytest.mark.pnr
def test_the_part_has_every_site_of_the_plan(tmp_path: Path) -> None:
    """All 208 of them, taken by nextpnr as they are named."""
    width = f"{18:032b}"
    cells: dict[str, Any] = {
        f"core.weights.memory.bank_{bank}.ram.0.0": {
            "hide_name": 0, "type": "DP16KD", "attributes": {},
            "parameters": {"DATA_WIDTH_A": width, "DATA_WIDTH_B": width},
            "port_directions": {"CLKA": "input"}, "connections": {"CLKA": [2]},
        } for bank in range(208)}
    design = {"creator": "test", "modules": {"top": {
        "attributes": {"top": f"{1:032b}"}, "cells": cells,
        "ports": {"clk": {"direction": "input", "bits": [2]}},
        "netnames": {"clk": {"hide_name": 0, "bits": [2], "attributes": {}}}}}}
    netlist = Netlist(design)
    place_weights(netlist, PART, 16)
    assert len(set(_places(netlist).values())) == 208
    (tmp_path / "netlist.json").write_text(json.dumps(design))
    tool = find_tools(["nextpnr-ecp5"])["nextpnr-ecp5"].executable
    result = subprocess.run(
        [tool, "--85k", "--package", "CABGA381", "--out-of-context", "--no-route",
         "--json", "netlist.json", "--write", "placed.json"],
        cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    placed = json.loads((tmp_path / "placed.json").read_text())["modules"]["top"]["cells"]
    assert {name: placed[name]["attributes"]["NEXTPNR_BEL"] for name in cells} == {
        name: cell["attributes"]["BEL"] for name, cell in cells.items()}

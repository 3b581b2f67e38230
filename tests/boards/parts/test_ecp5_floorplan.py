"""Places of block RAMs, on netlists of nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sterna.compiler.fit import fit_machine
from sterna.errors import CheckError
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.memory_map import block_rams_by_name
from sterna_boards.flows.open.tools import find_tools
from sterna_boards.parts.ecp5_floorplan import PATTERNS, place_memories
from sterna_boards.parts.ecp5_netlist import Netlist

PART = "LFE5U-85F-6BG381C"
MIDDLE = {60, 62}
# In the order in which they get their places; eleven lanes, so that names sort otherwise.
FIRST_ROW = tuple(
    f"core.vector.memory.copy_{copy}.0.{lane}" for lane in range(11) for copy in "ab")
BANKS = tuple(f"core.engine.lanes.banks.storage.0.{bank}" for bank in range(11))
SECOND_ROW = (
    "core.vector.tables.lane_2.0.0", "core.vector.tables.lane_10.0.0",
    "core.sequencer.memory.bank_0.ram.0.0", "core.vector.scalars.tables.store.0.0",
)
CONSTANTS = tuple(f"core.constants.memory.bank_{bank}.ram.0.0" for bank in range(11))
OTHERS = (*FIRST_ROW, *BANKS, *SECOND_ROW, *CONSTANTS)
REAL_NAMES = Path(__file__).parent / "ulx3s_demo_block_rams.txt"
UNKNOWN = "core.inputs.memory.bank_0.ram.0.0"


def _netlist(banks: int, per_bank: int = 2, others: Iterable[str] = ()) -> Netlist:
    cells: dict[str, Any] = {
        name: {"type": "DP16KD", "attributes": {}, "parameters": {}, "port_directions": {},
               "connections": {}}
        for name in (*others, *(f"core.weights.memory.bank_{bank}.ram.0.{part}"
                                for bank in range(banks) for part in range(per_bank)))}
    return Netlist({"modules": {"top": {"attributes": {"top": "1"}, "cells": cells, "ports": {},
                                        "netnames": {}}}})


def _block_rams(names: Iterable[str]) -> dict[str, int]:
    """Of each memory that has a pattern, by it."""
    names = list(names)
    return {memory: sum(bool(pattern.search(name)) for name in names)
            for memory, pattern in PATTERNS.items()}


def _place(netlist: Netlist, rows: int, device: str = PART) -> None:
    """With a machine that has what the netlist has."""
    place_memories(netlist, device, rows, _block_rams(netlist.cells))


def _places(netlist: Netlist) -> dict[str, tuple[int, int]]:
    found = {name: netlist.place(name) for name in netlist.cells}
    return {name: place for name, place in found.items() if place}


@pytest.mark.parametrize(("rows", "banks", "per_bank"), [(16, 80, 2), (8, 40, 4), (32, 160, 1)])
def test_every_matrix_row_lies_along_a_row_of_block_ram(
        rows: int, banks: int, per_bank: int) -> None:
    netlist = _netlist(banks, per_bank)
    _place(netlist, rows)
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


def test_the_other_memories_fill_the_middle_in_order() -> None:
    netlist = _netlist(80, others=(*reversed(OTHERS), UNKNOWN))
    _place(netlist, 16)
    places = _places(netlist)
    assert len(places) == len(set(places.values())) == 160 + len(OTHERS) == 208
    assert UNKNOWN not in places
    for names, row in ((FIRST_ROW, 46), (SECOND_ROW, 70)):
        filled = [places[name] for name in names]
        assert filled == sorted(filled)
        assert {tile_row for tile_row, _ in filled} == {row}
    # What is left, in the middle before the outer rows, goes to what found no site in the first.
    rest = [places[name][0] for name in (*BANKS, *CONSTANTS)]
    assert rest == [70] * 18 + [22] * 2 + [82] * 2


def test_more_memories_than_sites_are_left_to_the_placer() -> None:
    names = [f"core.constants.memory.bank_{bank}.ram.0.0" for bank in range(50)]
    netlist = _netlist(80, others=names)
    _place(netlist, 16)
    places = _places(netlist)
    assert len(places) == len(set(places.values())) == 208
    assert [name in places for name in names] == [True] * 48 + [False] * 2


@pytest.mark.parametrize(("device", "rows", "banks"), [
    ("LFE5U-25F-6BG381C", 16, 80),  # another part
    (PART, 0, 80),  # no ternary engine
    (PART, 16, 82),  # banks that belong to two rows
    (PART, 16, 160),  # more than the part has
    (PART, 16, 0),  # weights outside
])
def test_what_does_not_fit_the_plan_is_left_to_the_placer(
        device: str, rows: int, banks: int) -> None:
    netlist = _netlist(banks, others=OTHERS)
    _place(netlist, rows, device)
    assert not _places(netlist)


DEMO = {"weights": 144, "vectors and state": 16, "codes": 8, "tables": 8, "program": 2,
        "scalar tables": 2, "constants": 8}


def test_the_machine_of_the_demo_has_the_memories_of_its_netlist() -> None:
    """By the names that synthesis gave them: `DP16KD` cells of `sterna build demo`."""
    assert _block_rams(REAL_NAMES.read_text().split()) == DEMO
    program = lower(load_model("demo"))
    machine = fit_machine(program, find_board("ulx3s-85f").machine())
    found = block_rams_by_name("ecp5", machine)
    assert {name: found[name] for name in PATTERNS} == DEMO and sum(found.values()) == 188


@pytest.mark.parametrize("memory", PATTERNS)
@pytest.mark.parametrize("there", [0, 1])
def test_a_memory_that_is_not_found_by_its_name_is_told(memory: str, there: int) -> None:
    """Renamed in the hardware, all of it or one of its block RAMs."""
    names = REAL_NAMES.read_text().split()
    renamed = [name for name in names if PATTERNS[memory].search(name)][there:]
    names = [f"core.other.{name}" if name in renamed else name for name in names]
    names = [name.replace("memory", "store").replace("tables", "store").replace("banks", "store")
             if name.startswith("core.other.") else name for name in names]
    with pytest.raises(CheckError, match=rf"^floor plan: {there} block RAMs of the netlist are "
                       rf"called like those of {memory}, .*; the machine has {DEMO[memory]}: mend"):
        place_memories(_netlist(0, others=names), PART, 16, DEMO)


def test_weights_outside_the_chip_have_no_floor_plan() -> None:
    machine = find_board("ulx3s-85f").sdram_machine()
    found = block_rams_by_name("ecp5", machine)
    assert "weights" not in found
    netlist = _netlist(0, others=OTHERS)
    place_memories(netlist, PART, machine.ternary.rows, found)
    assert not _places(netlist)


def test_every_memory_of_the_demo_has_a_place_of_its_own() -> None:
    names = REAL_NAMES.read_text().split()
    netlist = _netlist(0, others=names)
    _place(netlist, 16)
    assert len(set(_places(netlist).values())) == len(names) == 188


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
    _place(netlist, 16)
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

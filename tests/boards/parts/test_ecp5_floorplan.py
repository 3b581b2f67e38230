"""Places of block RAMs and multipliers, on netlists of nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sterna.compiler.fit import fit_machine
from sterna.errors import CheckError
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.ram_totals import block_rams_by_name
from sterna_boards.flows.open.tools import find_tools
from sterna_boards.parts.ecp5_floorplan import MULTIPLIER, PATTERNS, place_memories
from sterna_boards.parts.ecp5_netlist import Netlist

PART = "LFE5U-85F-6BG381C"
MIDDLE = {60, 62}
# Eleven lanes, so that names sort otherwise; the sixth is the last of the first half.
LANES = 11
VECTORS = tuple(
    f"core.vector.memory.copy_{copy}.0.{lane}" for lane in range(LANES) for copy in "ab")
TABLES = tuple(f"core.vector.tables.lane_{lane}.0.0" for lane in range(LANES))
CONSTANTS = tuple(f"core.constants.memory.bank_{bank}.ram.0.0" for bank in range(4))
CODES = tuple(f"core.engine.lanes.banks.storage.0.{bank}" for bank in range(4))
REST = ("core.sequencer.memory.bank_0.ram.0.0", "core.vector.scalars.tables.store.0.0")
OTHERS = (*VECTORS, *TABLES, *CONSTANTS, *CODES, *REST)
REAL_NAMES = Path(__file__).parent / "ulx3s_demo_block_rams.txt"
REAL_MULTIPLIERS = Path(__file__).parent / "ulx3s_demo_multipliers.txt"
UNKNOWN = "core.inputs.memory.bank_0.ram.0.0"


def _netlist(banks: int, per_bank: int = 2, others: Iterable[str] = (),
             multipliers: Iterable[str] = ()) -> Netlist:
    weights = [f"core.weights.memory.bank_{bank}.ram.0.{part}"
               for bank in range(banks) for part in range(per_bank)]
    cells: dict[str, Any] = {
        name: {"type": kind, "attributes": {}, "parameters": {}, "port_directions": {},
               "connections": {}}
        for kind, names in (("DP16KD", (*others, *weights)), ("MULT18X18D", multipliers))
        for name in names}
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


def test_what_a_vector_lane_works_with_lies_side_by_side() -> None:
    netlist = _netlist(72, others=(*reversed(OTHERS), UNKNOWN))
    _place(netlist, 16)
    places = _places(netlist)
    assert len(places) == len(set(places.values())) == 144 + len(OTHERS)
    assert UNKNOWN not in places
    for row, first, lanes in ((46, 0, range(6)), (70, 2, range(6, LANES))):
        found = [[places[name] for name in (TABLES[lane], *VECTORS[2 * lane:2 * lane + 2])]
                 for lane in lanes]
        constants = [places[name] for name in CONSTANTS[first:first + 2]]
        assert {tile_row for lane in found for tile_row, _ in lane} == {row}
        assert {tile_row for tile_row, _ in constants} == {row}
        for lane in found:
            assert max(lane)[1] - min(lane)[1] <= 7  # four sites
        assert all(max(left) < min(right) for left, right in pairwise(found))
        # The codes of the first tables on the left of all of them, the others on the right.
        left, right = (places[CODES[first // 2 + half]] for half in (0, 2))
        assert left < min(*found[0], *constants) and max(*found[-1], *constants) < right
    assert {places[name][0] for name in REST} <= {46, 70}


def test_multipliers_of_the_demo_lie_with_their_lanes() -> None:
    """By the names that synthesis gave them: each lane has one for products, one for squares."""
    names, multipliers = (file.read_text().split() for file in (REAL_NAMES, REAL_MULTIPLIERS))
    netlist = _netlist(0, others=names, multipliers=multipliers)
    _place(netlist, 16)
    places = _places(netlist)
    lanes: dict[int, list[str]] = {}
    for name in multipliers:
        match = MULTIPLIER.search(name)
        if match:
            lanes.setdefault(int(match["lane"]), []).append(name)
    assert sorted(lanes) == list(range(16))
    for lane, (square, product) in ((lane, sorted(found, reverse=True))
                                    for lane, found in lanes.items()):
        row, column = places[f"serial.core.vector.tables.lane_{lane}.0.0"]
        assert f"lane_{lane}." in product and f"square_{lane}_" in square
        for name in (product, square):
            assert places[name][0] == {46: 34, 70: 58}[row]
            assert abs(places[name][1] - column) < 9
    # That of the scalars is between both halves.
    assert [places[name][0] for name in multipliers if ".scalars." in name] == [58]
    assert len(set(places.values())) == len(places) == len(names) + 33


def test_states_of_texts_lie_side_by_side() -> None:
    """By the names that synthesis gave them, in the middle of all that is there."""
    states = [f"serial.core.generation.slots.storage.0.{part}" for part in range(3)]
    netlist = _netlist(0, others=(*REAL_NAMES.read_text().split(), *states))
    _place(netlist, 16)
    rows, columns = zip(*(_places(netlist)[name] for name in states), strict=True)
    assert len(set(rows)) == 1 and max(columns) - min(columns) <= 7


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


DEMO = {"weights": 144, "vectors and state": 16, "codes": 8, "tables": 16, "program": 2,
        "scalar tables": 2, "constants": 8, "states of texts": 0, "program of texts": 0}


def test_the_machine_of_the_demo_has_the_memories_of_its_netlist() -> None:
    """By the names that synthesis gave them: `DP16KD` cells of `sterna build demo`."""
    assert _block_rams(REAL_NAMES.read_text().split()) == DEMO
    program = lower(load_model("demo"))
    machine = fit_machine(program, find_board("ulx3s-85f").machine())
    found = block_rams_by_name("ecp5", machine)
    assert {name: found.get(name, 0) for name in PATTERNS} == DEMO and sum(found.values()) == 196


@pytest.mark.parametrize("memory", [memory for memory, count in DEMO.items() if count])
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


def test_multipliers_that_are_not_found_by_their_names_are_told() -> None:
    with pytest.raises(CheckError, match=r"^floor plan: no multiplier of the netlist is called "
                       r"like those of the vector lanes, .*: mend the pattern in ecp5_floorplan"):
        _place(_netlist(72, others=OTHERS, multipliers=["core.vector.other_0.product"]), 16)


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
    assert len(set(_places(netlist).values())) == len(names) == 196


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

"""What the boards' parts are said to have: what nextpnr gives, and what the data sheets say."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
from sterna_boards.board import Board
from sterna_boards.flows.open.tools import find_tool

from tests.boards.kinds import OPEN_BOARDS, PROJECT_BOARDS

NEXTPNR = {
    "ulx3s-85f": ("ecp5", "--85k", "--package", "CABGA381", "--speed", "6"),
    "ulx3s-12f": ("ecp5", "--12k", "--package", "CABGA381", "--speed", "6"),
    "orangecrab-85f": ("ecp5", "--85k", "--package", "CSFBGA285", "--speed", "8"),
    "ecpix5-85f": ("ecp5", "--um5g-85k", "--package", "CABGA554", "--speed", "8"),
    "colorlight-i9": ("ecp5", "--45k", "--package", "CABGA381", "--speed", "6"),
    "icebreaker": ("ice40", "--up5k", "--package", "sg48"),
    "tang-nano-9k": ("himbaechel-gowin", "--device", "GW1NR-LV9QN88PC6/I5",
                     "--vopt", "family=GW1N-9C", "--vopt", "cst=empty.cst"),
    "tang-nano-20k": ("himbaechel-gowin", "--device", "GW2AR-LV18QN88C8/I7",
                      "--vopt", "family=GW2A-18C", "--vopt", "cst=empty.cst"),
}
"""The part that is soldered to each board, as nextpnr names it."""
CELLS = {
    "ecp5": ("TRELLIS_COMB", "DP16KD", "MULT18X18D", None),
    "ice40": ("ICESTORM_LC", "ICESTORM_RAM", "ICESTORM_DSP", "ICESTORM_SPRAM"),
    "himbaechel-gowin": ("LUT4", "BSRAM", "MULT18X18", None),
}
"""Look-up tables, block RAMs, multipliers and single-port RAMs."""
RAM_BITS = {"ecp5": 18_432, "ice40": 4_096, "himbaechel-gowin": 18_432}
DATA_SHEETS = {
    # DS180 table 5; DS987 table 1; UltraScale+ product selection guides; Stratix 10 overview.
    # Look-up tables, block RAMs of 18 kbit (M20K for Stratix), their bits, multipliers, UltraRAMs.
    "arty-a7-100t": (63_400, 2 * 135, 18_432, 240, 0),
    "kv260": (117_120, 2 * 144, 18_432, 1_248, 64),
    "alveo-u250": (1_728_000, 2 * 2_688, 18_432, 12_288, 1_280),
    "alveo-u280": (1_303_680, 2 * 2_016, 18_432, 9_024, 960),
    "d5005": (933_120, 11_721, 20_480, 2 * 5_760, 0),
}


def test_every_board_has_its_row() -> None:
    assert NEXTPNR.keys() == OPEN_BOARDS.keys() and DATA_SHEETS.keys() == PROJECT_BOARDS.keys()


@pytest.mark.pnr
@pytest.mark.parametrize("board", OPEN_BOARDS.values(), ids=lambda board: board.name)
def test_capacity_is_what_nextpnr_says_is_available(board: Board, tmp_path: Path) -> None:
    family, *part = NEXTPNR[board.name]
    (tmp_path / "empty.json").write_text(json.dumps({"creator": "", "modules": {"top": {
        "attributes": {"top": "1"}, "ports": {}, "cells": {}, "netnames": {}}}}))
    (tmp_path / "empty.cst").write_text("")
    done = subprocess.run(
        [find_tool(f"nextpnr-{family}").executable, *part, "--json", "empty.json", "--pack-only",
         "--report", "report.json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "report.json").read_text())["utilization"]
    luts, rams, dsps, single = (cells[cell]["available"] if cell else 0 for cell in CELLS[family])
    assert asdict(board.capacity) == {
        "luts": luts, "block_rams": rams, "block_ram_bits": RAM_BITS[family], "dsps": dsps,
        "single_port_rams": single, "large_rams": 0}


@pytest.mark.parametrize("name", PROJECT_BOARDS)
def test_capacity_is_that_of_the_data_sheet(name: str) -> None:
    luts, rams, bits, dsps, large = DATA_SHEETS[name]
    assert asdict(PROJECT_BOARDS[name].capacity) == {
        "luts": luts, "block_rams": rams, "block_ram_bits": bits, "dsps": dsps,
        "single_port_rams": 0, "large_rams": large}


@pytest.mark.parametrize("board", OPEN_BOARDS.values(), ids=lambda board: board.name)
def test_the_platform_is_the_part_of_the_board(board: Board) -> None:
    """What a build hands to nextpnr."""
    family, *part = NEXTPNR[board.name]
    script = "\n".join(_commands(board))
    assert f"nextpnr-{family}" in script
    for option in part:
        if option != "cst=empty.cst":
            assert option in script


def _commands(board: Board) -> list[str]:
    from sterna_boards.flows.open.designs import loopback

    plan = board.tools().platform().prepare(loopback(board).top(), "sterna")
    commands = json.loads(plan.files["build_sterna.json"])["commands"]
    return ["\n".join(command) for command in commands]

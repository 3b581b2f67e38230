# amaranth: UnusedElaboratable=no
"""Bitstreams of the loop-back with the real tools, one board of each family."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.build import build, check_timing
from sterna_boards.flows.open.designs import loopback
from sterna_boards.flows.open.tools import PACKAGES, find_tool


def _tools_are_there() -> bool:
    try:
        for name in PACKAGES:
            find_tool(name)
    except InputError:
        return False
    return True


pytestmark = [
    pytest.mark.pnr,
    pytest.mark.skipif(not _tools_are_there(), reason="the open FPGA tools are not installed"),
]


@pytest.mark.parametrize("name, least_bytes, tiles", [
    ("ulx3s-85f", 100_000, [127, 96]), ("icebreaker", 100_000, [26, 32]),
    ("tang-nano-9k", 1_000_000, [47, 29]),
])
def test_loopback_becomes_a_bitstream_that_meets_timing(
        name: str, least_bytes: int, tiles: list[int], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path))
    board = find_board(name)
    report = build(board, loopback(board))
    check_timing(report)
    assert report.bitstream.stat().st_size >= least_bytes
    assert report.fmax_mhz > report.clock_mhz
    assert 50 < report.luts < 400 and 50 < report.ffs < 200
    assert (report.block_rams, report.dsps) == (0, 0)
    assert "uart" in report.critical_path and " ns " in report.critical_path
    assert all(log.stat().st_size > 0 for log in report.logs)
    layout = json.loads(report.layout.read_text())
    assert layout["tiles"] == tiles
    cells = [sum(kinds.get("logic", [])[2::3]) for kinds in layout["units"].values()]
    assert report.luts <= sum(cells) <= 1.5 * (report.luts + report.ffs)
    assert {"uart.receiver", "uart.transmitter"} < layout["units"].keys()
    assert max(path["delay"] for path in layout["paths"]) >= 0.999e3 / report.fmax_mhz
    assert layout["latest"][0]["delay"] > 0

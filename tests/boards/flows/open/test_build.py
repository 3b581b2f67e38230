# amaranth: UnusedElaboratable=no
"""The build around the tools: order, cache, seeds and failures. The tools are small scripts."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sterna.errors import CheckError, InputError
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.build import build
from sterna_boards.flows.open.designs import loopback

from tests.boards.fake_tools import ROUTING, FakeTools

BOARD = replace(find_board("ulx3s-85f"), clock_hz=100_000_000)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTools:
    return FakeTools(tmp_path, monkeypatch)


def test_steps_in_order(tools: FakeTools) -> None:
    steps: list[str] = []
    report = build(BOARD, loopback(BOARD), progress=lambda step, done, parts: steps.append(step))
    assert tools.calls() == ["YOSYS", "NEXTPNR_ECP5", "ECPPACK"]
    assert steps == ["elaborate", "synthesise", "place and route, seed 1", "pack"]
    assert report.bitstream.read_text() == "bits of 1\n"
    assert [log.read_text() for log in report.logs] == ["synthesis\n", "timing\n"]
    assert (report.fmax_mhz, report.timing_met, report.luts) == (100.0, True, 5)
    assert report.luts_per_lane is None
    assert report.units == {"uart": 2}
    assert report.tools["yosys"] == "YOSYS 1.0"
    assert json.loads(report.to_json())["clock_mhz"] == 100.0


def test_a_large_design_is_placed_and_then_routed(tools: FakeTools) -> None:
    tools.write("NEXTPNR_ECP5", """
case "$*" in
*"--no-route --write placed.json") grep -q " 37500000.0 HZ" sterna.lpf &&
echo '{"modules": {"top": {"settings": {"router": "router1", "seed": "1"}}}}' > placed.json;;
*"--freq 102.0000 "*"--json placed.json "*"--router router2 --tmg-ripup --detailed-timing-report")
grep -q '{"seed": "1", "router2/bbMargin/x": "6", ' placed.json || exit 1
""" + ROUTING.replace('"constraint": 100.0', '"constraint": 102.0') + ";;\n*) exit 1;;\nesac")
    report = build(BOARD, replace(loopback(BOARD), lanes=512))
    assert tools.calls() == ["YOSYS", "NEXTPNR_ECP5", "NEXTPNR_ECP5", "ECPPACK"]
    assert (report.fmax_mhz, report.timing_met, report.luts) == (100.0, True, 5)
    assert not (report.bitstream.parent / "placed.json").exists()


def test_what_was_built_is_kept(tools: FakeTools) -> None:
    first = build(BOARD, loopback(BOARD))
    tools.calls()
    assert build(BOARD, loopback(BOARD)) == first
    assert tools.calls() == []


def test_seeds_at_once_give_what_they_give_one_by_one(tools: FakeTools) -> None:
    """By workers, each of which has the tools and the cache; one that fails ends the others."""
    board = find_board("ulx3s-85f")
    design = replace(loopback(board), clock_hz=100_000_000)
    found = build(board, design, seeds=(0, 1, 2), workers=2)
    assert sorted(tools.calls()) == ["ECPPACK"] * 3 + ["NEXTPNR_ECP5"] * 3 + ["YOSYS"]
    assert build(board, design, seeds=(0, 1, 2)) == found
    assert build(board, design, seeds=(0, 1, 2), workers=2) == found
    assert tools.calls() == []
    assert found.seeds == {0: 90.0, 1: 100.0, 2: 110.0}
    tools.write("NEXTPNR_ECP5", "echo 'ERROR: no room'; exit 1")
    with pytest.raises(CheckError, match="no room"):
        build(board, design, seeds=(7, 8), workers=2)


def test_another_seed_does_not_synthesise_again(tools: FakeTools) -> None:
    build(BOARD, loopback(BOARD))
    tools.calls()
    report = build(BOARD, loopback(BOARD), seeds=(0, 1, 2))
    assert tools.calls() == ["NEXTPNR_ECP5", "ECPPACK"] * 2
    assert report.seeds == {0: 90.0, 1: 100.0, 2: 110.0}
    assert (report.fmax_mhz, report.bitstream.read_text()) == (110.0, "bits of 2\n")


def test_seeds_behind_the_first_that_meets_timing_can_be_left_out(tools: FakeTools) -> None:
    report = build(BOARD, loopback(BOARD), seeds=(0, 1, 2), until_met=True)
    assert tools.calls() == ["YOSYS", *["NEXTPNR_ECP5", "ECPPACK"] * 2]
    assert report.seeds == {0: 90.0, 1: 100.0} and report.bitstream.read_text() == "bits of 1\n"
    never = build(BOARD, loopback(BOARD), seeds=(0, -1), until_met=True)
    assert (never.timing_met, never.seeds) == (False, {0: 90.0, -1: 80.0})


def test_another_clock_or_tool_builds_again(tools: FakeTools) -> None:
    first = build(BOARD, loopback(BOARD))
    tools.calls()
    with pytest.raises(InputError, match="no clock of 50 MHz"):
        build(BOARD, loopback(BOARD, 50e6))
    assert tools.calls() == ["YOSYS", "NEXTPNR_ECP5", "ECPPACK"]
    tools.write("NEXTPNR_ECP5", ROUTING, version="2.0")
    assert build(BOARD, loopback(BOARD)).bitstream != first.bitstream
    assert tools.calls() == ["NEXTPNR_ECP5", "ECPPACK"]


def test_missed_timing_is_in_the_report(tools: FakeTools) -> None:
    report = build(BOARD, loopback(BOARD), seeds=(0,))
    assert (report.timing_met, report.fmax_mhz) == (False, 90.0)


def test_failing_tool_is_one_line_with_a_log(tools: FakeTools) -> None:
    tools.write("NEXTPNR_ECP5", "echo Info: packing; echo ERROR: out of cells >&2; exit 1")
    with pytest.raises(CheckError) as caught:
        build(BOARD, loopback(BOARD))
    message = str(caught.value)
    assert message.startswith("ulx3s-85f: nextpnr-ecp5 failed: ERROR: out of cells (log: ")
    kept = Path(message.rsplit("log: ", 1)[1].rstrip(")"))
    assert kept.read_text() == "Info: packing\nERROR: out of cells\n"
    tools.calls()
    tools.write("NEXTPNR_ECP5", ROUTING)
    assert build(BOARD, loopback(BOARD)).timing_met
    assert tools.calls() == ["NEXTPNR_ECP5", "ECPPACK"]


def test_a_tool_that_was_killed_is_said(tools: FakeTools) -> None:
    tools.write("NEXTPNR_ECP5", "kill -9 $$")
    with pytest.raises(CheckError, match=r"nextpnr-ecp5 failed: stopped by signal 9 \(log: "):
        build(BOARD, loopback(BOARD))


def test_missing_board_package_is_said(tools: FakeTools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"is not installed: pip install 'sterna\[boards\]'"):
        build(BOARD, loopback(BOARD))


def test_no_seed_is_refused(tools: FakeTools) -> None:
    with pytest.raises(InputError, match="give at least one"):
        build(BOARD, loopback(BOARD), seeds=())

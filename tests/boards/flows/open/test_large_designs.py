"""Large designs: placements that are given up."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from sterna.errors import CheckError
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open import flow
from sterna_boards.flows.open.build import build
from sterna_boards.flows.open.designs import Design, loopback
from sterna_boards.flows.open.large_designs import LANES, Unpromising, check_promise

from tests.boards.fake_tools import FakeTools

BOARD = replace(find_board("ulx3s-85f"), clock_hz=100_000_000)
PLACING = """
for word in "$@"; do
    case "$last" in --seed) seed=$word;; --write) write=$word;; esac
    last=$word
done
if [ -n "$write" ]; then
    echo '{"modules": {"top": {"settings": {"router": "router1", "kept": "1"}}}}' > $write
    echo "Info: Max frequency for clock 'clock.clk': $((90 + 10 * seed)).0 MHz (FAIL)" > sterna.tim
    exit
fi
grep -q kept placed.json && grep -q '"router2/bbMargin/y": "6"' placed.json \\
    && ! grep -q '"router"' placed.json || { echo "ERROR: settings"; exit 1; }
"""
ROUTING = """
echo $seed > seed; echo routed > sterna.config
cat > report.json <<END
{"fmax": {"clock": {"achieved": $((90 + 10 * seed)).0, "constraint": 102.0}},
 "utilization": {"TRELLIS_COMB": {"used": 5, "available": 9}}, "critical_paths": []}
END
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTools:
    fake = FakeTools(tmp_path, monkeypatch)
    fake.write("NEXTPNR_ECP5", PLACING + ROUTING)
    return fake


def large() -> Design:
    return replace(loopback(BOARD), lanes=LANES)


def test_a_placement_that_promises_too_little_is_left_out(tools: FakeTools) -> None:
    report = build(BOARD, large(), seeds=(0, 1, 2), until_met=True)
    assert report.seeds == {1: 100.0} and report.timing_met
    # Seed 0 is placed, seed 1 placed and routed.
    assert tools.calls() == ["YOSYS", *["NEXTPNR_ECP5"] * 3, "ECPPACK"]
    assert build(BOARD, large(), seeds=(0, 1, 2), until_met=True) == report
    assert tools.calls() == []


def test_a_seed_that_was_asked_for_is_routed(tools: FakeTools) -> None:
    report = build(BOARD, large(), seeds=(0,))
    assert report.seeds == {0: 90.0} and not report.timing_met


def test_what_promises_too_little_is_routed_when_nothing_else_is_left(tools: FakeTools) -> None:
    steps: list[str] = []
    report = build(BOARD, large(), seeds=(0, -1), until_met=True,
                   progress=lambda step, done, parts: steps.append(step))
    assert report.seeds == {0: 90.0, -1: 80.0} and not report.timing_met
    assert steps[2:] == [
        "place and route, seed 0", "the placement of seed 0 promises 90.0 MHz only",
        "place and route, seed -1", "the placement of seed -1 promises 80.0 MHz only",
        "place and route, seed 0", "pack", "place and route, seed -1", "pack"]


def test_a_router_that_finds_no_way_is_stopped(
        tools: FakeTools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_LOOK_EVERY", 0.05)
    turns = "for turn in $(seq 201); do echo \"Info:     iter=$turn wires=9\"; done > sterna.tim"
    tools.write("NEXTPNR_ECP5", f"{PLACING}\n{turns}\nexec sleep 60\n")
    began = time.monotonic()
    with pytest.raises(CheckError) as caught:
        build(BOARD, large(), seeds=(1, 2))
    assert str(caught.value) == "ulx3s-85f: " + "; ".join(
        [*(f"the placement of seed {seed} is not routed after 200 turns of the router"
           for seed in (1, 2)), "ask for a slower clock or more seeds"])
    assert time.monotonic() - began < 50


def test_the_slowest_clock_counts(tmp_path: Path) -> None:
    log = tmp_path / "sterna.tim"
    log.write_text("Info: Max frequency for clock         'clock.clk': 91.90 MHz (FAIL at 150.01)\n"
                   "Info: Max frequency for clock 'clock.startup_clk': 995.02 MHz (PASS)\n")
    check_promise(log, 1, 91e6)
    with pytest.raises(Unpromising, match="seed 1 promises 91.9 MHz only"):
        check_promise(log, 1, 92e6)

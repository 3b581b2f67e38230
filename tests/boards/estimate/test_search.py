"""`--lanes auto`: the fastest machine at the user's end, by the models, and the front."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.model import open_model
from sterna.families.tokens import board_shape
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.model import estimate
from sterna_boards.estimate.search import AS_FAST, EXPECTED_SHARE, Found, search
from sterna_boards.measured.baseline import read_baseline

BOARD = find_board("icebreaker")


@cache
def program() -> Program:
    return open_model("demo-tiny").lowered


def searched(name: str, clock_hz: float | None = None) -> Found:
    board = find_board(name)
    return search(board, program(), [board.with_rate(board.machine())], "host", clock_hz)


@pytest.fixture(scope="module")
def found() -> Found:
    return searched("icebreaker")


def test_the_best_is_at_least_as_fast_as_the_boards_own(found: Found) -> None:
    own, best = estimate(BOARD, program(), embedding="host"), found.best
    assert own.fits and best.fits
    for mine, theirs in ((best.speed.a_second, own.speed.a_second),
                         (best.speed.a_second_over_link, own.speed.a_second_over_link)):
        assert mine >= (1 - AS_FAST) * theirs
    again = estimate(BOARD, program(), best.machine, "host", 1e6 * best.clock_mhz)
    assert again == best


def test_the_front_only_rises(found: Found) -> None:
    for smaller, larger in pairwise(found.front):
        assert smaller.luts < larger.luts
        assert smaller.speed.a_second_over_link <= larger.speed.a_second_over_link
    fastest = found.front[-1]
    assert found.best.luts <= fastest.luts and found.seen > len(found.front)
    assert found.best.speed.a_second >= (1 - AS_FAST) * fastest.speed.a_second
    assert all(one.fits for one in found.front)
    assert [row["luts"] for row in found.rows()] == [one.luts for one in found.front]


def test_an_engine_that_is_too_large_for_the_clock_gets_a_slower_one(
        monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("model", "search"):
        monkeypatch.setattr(f"sterna_boards.estimate.{module}.expected_mhz",
                            lambda family, machine, luts: 17.0)
    found = searched("icebreaker")
    assert found.best.clock_mhz == pytest.approx(0.8 * BOARD.clock_hz / 1e6)
    assert found.best.clock_mhz * EXPECTED_SHARE <= 17
    with pytest.raises(InputError, match="icebreaker: no engine fits and reaches 21 MHz"):
        searched("icebreaker", 21e6)


def test_nothing_fits_a_part_without_look_up_tables() -> None:
    small = replace(BOARD, capacity=replace(BOARD.capacity, luts=1000))
    with pytest.raises(InputError, match="no engine fits"):
        search(small, program(), [small.with_rate(small.machine())])


def test_clocks_of_tracked_builds_are_reachable() -> None:
    """What the share is for."""
    for name, entry in read_baseline().items():
        found = estimate(find_board(name), open_model(entry.model).lowered, entry.machine)
        assert found.expected_mhz is not None
        assert found.expected_mhz * 1e6 >= EXPECTED_SHARE * find_board(name).clock_hz


def test_the_command_prints_the_front(sterna) -> None:
    outcome = sterna("estimate", "demo-tiny", "--board", "icebreaker", "--lanes", "auto",
                     "--embedding", "host", "--json")
    values = json.loads(outcome.output)
    assert values["fits"] and values["front"]
    assert any(row["luts"] == values["luts"] for row in values["front"]) or (
        values["luts"] <= values["front"][-1]["luts"])
    for option in (("--vector-lanes", 4), ("--lane", "tables")):
        outcome = sterna("estimate", "demo-tiny", "--board", "icebreaker", "--lanes", "auto",
                         *option)
        assert outcome.code == 2 and "lanes: auto chooses" in outcome.errors


@pytest.mark.parametrize("name, places", [
    ("ulx3s-12f", {("chip", "chip"), ("sdram", "chip"), ("chip", "sdram"), ("sdram", "memory")}),
    ("kv260", {("axi", "chip"), ("axi", "memory")}),
    ("icebreaker", {("chip", "chip")}),
])
def test_every_memory_of_the_board_is_tried(name: str, places: set[tuple[str, str]],
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """For weights and rows; with a place that is asked for, no other."""
    seen: list[Machine] = []

    def noted(board: object, program: object, shapes: list[Machine], *more: object) -> object:
        seen[:] = shapes
        return SimpleNamespace(machine=shapes[0])

    monkeypatch.setattr(board_shape, "search", noted)
    board_shape.BoardShape(lanes="auto").searched(find_board(name), program())
    assert {(one.memory.kind, one.row_memory.kind) for one in seen} == places
    board_shape.BoardShape(lanes="auto", embedding="host").searched(find_board(name), program())
    assert {one.row_memory.kind for one in seen} == {"chip"}

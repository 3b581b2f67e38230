"""`--weights sdram`, `--embedding memory`: what `estimate` says of them and what they refuse."""

from __future__ import annotations

import json

import pytest
from sterna.cli import application
from sterna.machine.sdram import find_part

from tests.boards.fake_tools import ROUTING, FakeTools

MODEL = "random:hidden=32,layers=1,intermediate=32,vocabulary=64"


@pytest.mark.parametrize("board, part, beat, mhz", [
    ("ulx3s-85f", "16m16", 2, 75), ("ulx3s-12f", "16m16", 2, 75), ("colorlight-i9", "2m32", 4, 75),
    ("tang-nano-20k", "2m32", 4, 81)])
def test_the_estimate_is_the_time_of_the_bytes(board: str, part: str, beat: int, mhz: int,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(
        ["estimate", "demo", "--board", board, "--weights", "sdram", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    share = find_part(part).clocks(1e6 * mhz).refresh_share
    assert found["fits"] and found["clock_mhz"] == mhz
    assert found["cycles_per_token"] == pytest.approx(312_000 / beat / (1 - share))
    names = [memory["name"] for memory in found["memories"]]
    assert "weights fetched ahead" in names and "weights" not in names
    assert found["configuration"]["memory"]["part"] == part
    assert found["image_bytes"] > 312_000


def test_build_has_the_controller_and_its_clock(tmp_path, monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    tools = FakeTools(tmp_path, monkeypatch)
    tools.write("NEXTPNR_ECP5", ROUTING.replace('"constraint": 100.0', '"constraint": 75.0'))
    assert application.run_arguments(
        ["build", MODEL, "--board", "ulx3s-12f", "--weights", "sdram", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["weights"], report["clock_mhz"]) == ("sdram", 75)
    assert report["configuration"]["memory"]["memory"] == "sdram"
    assert report["configuration"]["memory"]["hz"] == 75_000_000


def test_build_of_several_token_streams(tmp_path, monkeypatch: pytest.MonkeyPatch,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    tools = FakeTools(tmp_path, monkeypatch)
    tools.write("NEXTPNR_ECP5", ROUTING.replace('"constraint": 100.0', '"constraint": 75.0'))
    assert application.run_arguments(["build", MODEL, "--board", "ulx3s-12f", "--weights", "sdram",
                                      "--streams", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["configuration"]["streams"] == 2


@pytest.mark.parametrize("board, weights, hz", [
    ("ulx3s-85f", "link", None), ("ulx3s-85f", "sdram", None), ("colorlight-i9", "link", 60e6)])
def test_rows_in_the_sdram(board: str, weights: str, hz: float | None,
                           capsys: pytest.CaptureFixture[str]) -> None:
    """The link carries no rows; each is fetched before anything else is done."""
    clock = [] if hz is None else ["--clock-mhz", f"{hz / 1e6:g}"]
    found = {}
    for place in ("host", "memory"):
        assert application.run_arguments(
            ["estimate", "demo", "--board", board, "--weights", weights, "--embedding", place,
             "--no-generate", "--json", *clock]) == 0
        found[place] = json.loads(capsys.readouterr().out)
    rows, chosen = found["memory"], found["memory"]["configuration"]
    width = find_part("2m32" if board == "colorlight-i9" else "16m16").bits
    assert (rows["embedding"], rows["fits"]) == ("memory", found["host"]["fits"])
    assert 432 * 8 / width < rows["cycles_per_token"] - found["host"]["cycles_per_token"] < (
        432 * 8 / width * 1.02 + 25)
    assert rows["link_bytes_per_token"] <= found["host"]["link_bytes_per_token"] - 432
    assert [entry["place"] for entry in rows["objects"] if entry["name"] == "embedding"] == [
        "memory"]
    assert chosen["row_memory"]["row_memory"] == ("sdram" if weights == "link" else "memory")
    if weights == "link":
        assert chosen["row_memory"]["hz"] == rows["clock_mhz"] * 1e6


def test_build_with_rows_in_the_sdram(tmp_path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    tools = FakeTools(tmp_path, monkeypatch)
    tools.write("NEXTPNR_ECP5", ROUTING.replace('"constraint": 100.0', '"constraint": 85.0'))
    assert application.run_arguments(
        ["build", MODEL, "--board", "ulx3s-12f", "--embedding", "memory", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["weights"], report["embedding"], report["clock_mhz"]) == ("link", "memory", 85)
    assert report["configuration"]["row_memory"]["hz"] == 85_000_000


@pytest.mark.parametrize("arguments, message", [
    (["estimate", "demo", "--board", "arty-a7-100t", "--embedding", "memory"],
     "arty-a7-100t: has no memory outside the chip that rows can lie in"),
    (["build", MODEL, "--board", "ulx3s-12f", "--embedding", "memory", "--weights", "baked"],
     "embedding: an SDRAM starts empty, so the image cannot be baked in"),
    (["estimate", "demo", "--board", "icebreaker", "--weights", "sdram"],
     "icebreaker: has no SDRAM that weights can lie in"),
    (["estimate", "demo", "--board", "ulx3s-85f", "--weights", "tape"],
     "weights is 'tape'; it must be link, baked or sdram"),
    (["build", "demo", "--board", "ulx3s-85f", "--weights", "sdram", "--clock-mhz", "150"],
     "SDRAM 16m16: runs at up to 133 MHz"),
])
def test_what_cannot_be_is_one_line(arguments: list[str], message: str,
                                    capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(arguments) == 2
    errors = capsys.readouterr().err
    assert message in errors and errors.count("\n") == 1

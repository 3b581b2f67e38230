"""`--weights sdram`: what `estimate` says of it and what it refuses."""

from __future__ import annotations

import json

import pytest
from sterna.cli import application
from sterna.machine.sdram import find_part

from tests.boards.fake_tools import ROUTING, FakeTools

MODEL = "random:hidden=32,layers=1,intermediate=32,vocabulary=64"


@pytest.mark.parametrize("board, part, beat", [("ulx3s-85f", "16m16", 2), ("ulx3s-12f", "16m16", 2),
                                               ("colorlight-i9", "2m32", 4)])
def test_the_estimate_is_the_time_of_the_bytes(board: str, part: str, beat: int,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(
        ["estimate", "demo", "--board", board, "--weights", "sdram", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    share = find_part(part).clocks(75e6).refresh_share
    assert found["fits"] and found["clock_mhz"] == 75
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


@pytest.mark.parametrize("arguments, message", [
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

# amaranth: UnusedElaboratable=no
"""`sterna build` around the tools, which are small scripts: folder, report, timing, failures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.machine.image import MemoryImage

from tests.boards.fake_tools import ROUTING, FakeTools

MODEL = "random:hidden=32,layers=1,intermediate=32,vocabulary=64"
ARGUMENTS = ["build", MODEL, "--board", "ulx3s-12f", "--clock-mhz", "100",
             "--rows", "4", "--columns", "8", "--vector-lanes", "4", "--lane", "adders"]


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTools:
    monkeypatch.chdir(tmp_path)
    return FakeTools(tmp_path, monkeypatch)


def test_folder_holds_what_the_driver_needs(tools: FakeTools, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments([*ARGUMENTS, "--seeds", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    folder = tmp_path / "build" / "ulx3s-12f"
    assert report["bitstream"] == "build/ulx3s-12f/sterna.bit"
    assert (folder / "sterna.bit").read_text() == "bits of 2\n"
    assert (report["lanes"], report["luts"], report["luts_per_lane"]) == (32, 5, 5 / 32)
    assert report["timing_met"] and report["seeds"] == {"1": 100.0, "2": 110.0}
    assert report["clock_mhz"] == 100.0 and report["device"] == "LFE5U-12F-6BG381C"
    rate = 1e8 / report["cycles_per_token"]
    assert report["tokens_per_second"] == pytest.approx(rate)
    assert 0 < report["tokens_per_second_over_link"] < rate

    image = MemoryImage.load(folder / "image.sterna")
    assert report["image_bytes"] == sum(part.array().size for part in image.parts.values())
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["configuration_digest"] == f"{image.machine.digest():016x}"
    assert manifest["model_digest"] == image.model_digest()
    assert manifest["tools"]["yosys"] == "YOSYS 1.0"
    for name, file in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"]
    assert {"logs/sterna.rpt", "logs/sterna.tim", "sterna.bit"} < manifest["files"].keys()


def test_a_report_shows_the_build(tools: FakeTools, tmp_path: Path,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    """The one of the board if it is of the model; a folder that is named must be."""
    pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
    shape = ARGUMENTS[4:]
    asked = ["report", MODEL, "--board", "ulx3s-12f", *shape, "--tokens", "0", "--json", "-o"]

    def built(*more: str) -> dict:
        assert application.run_arguments([*asked, "page", *more]) == 0
        return json.loads(capsys.readouterr().out)["built"]

    assert built() == {"why": "build/ulx3s-12f: there is no build",
                       "how": f"sterna build {MODEL} --board ulx3s-12f"}
    assert application.run_arguments([*ARGUMENTS, "--seeds", "1"]) == 0
    capsys.readouterr()
    found = built()
    assert found["folder"] == "build/ulx3s-12f" and found["same_machine"]
    assert (found["clock_mhz"], found["fmax_mhz"]) == (100.0, 100.0)
    assert found["layout"]["tiles"] == [73, 51]
    assert found["layout"]["units"]["core.engine"] == {"logic": [4, 7, 2]}
    assert found["layout"]["units"]["core.vector"] == {"memory": [6, 22, 1]}
    assert not built("--rows", "8")["same_machine"]
    asked[1] = "demo-tiny"
    assert f"is a build of {MODEL} for ulx3s-12f" in built()["why"]
    for folder, complaint in (("build/ulx3s-12f", "not of demo-tiny"), ("page", "is not a Sterna")):
        assert application.run_arguments([*asked, "other", "--build", folder]) == 2
        assert complaint in capsys.readouterr().err and not Path("other").exists()


def test_single_port_ram_takes_no_baked_weights(tools: FakeTools,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(
        ["build", MODEL, "--board", "icebreaker", "--weights", "baked"]) == 2
    assert "icebreaker: its single-port RAM starts empty" in capsys.readouterr().err


def test_missed_timing_is_exit_1_and_leaves_no_folder(tools: FakeTools, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    tools.write("NEXTPNR_ECP5", ROUTING.replace("90 + 10", "50 + 10"))
    for options, clock in ((["--seeds", "2"], 70), ([], 90)):
        assert application.run_arguments([*ARGUMENTS, *options, "--json"]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"sterna: ulx3s-12f: {clock}.0 MHz instead of 100.0 MHz; slowest is" in captured.err
        assert not (tmp_path / "build").exists()


def test_more_placements_are_made_until_the_clock_is_met(
        tools: FakeTools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.write("NEXTPNR_ECP5", ROUTING.replace("90 + 10", "80 + 10"))
    assert application.run_arguments([*ARGUMENTS, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["timing_met"] and report["seeds"] == {"1": 90.0, "2": 100.0}


def test_program_without_a_loader_says_how_to_install_it(
        tools: FakeTools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OPENFPGALOADER", str(tmp_path / "nowhere"))
    assert application.run_arguments([*ARGUMENTS, "--program"]) == 2
    assert "apt-get install openfpgaloader" in capsys.readouterr().err


def test_board_configuration_runs_the_model(tools: FakeTools,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    """The driver makes of machine.json what the board was built with."""
    assert application.run_arguments(ARGUMENTS) == 0
    capsys.readouterr()
    image = MemoryImage.load("build/ulx3s-12f/image.sterna")
    from sterna.families.matmul_free.lowering import lower
    from sterna.families.matmul_free.model import open_model
    from sterna.families.tokens.shape import TokenShape

    options = TokenShape(config="build/ulx3s-12f/configuration.json")
    program = lower(open_model(MODEL).model)
    assert options.fitted(program) == image.machine

"""Exported projects: complete, consistent, and of the same names throughout."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.errors import InputError
from sterna.program.configuration import PRESETS
from sterna_boards.tools import find_tool
from sterna_boards.vendor.board import ExportBoard
from sterna_boards.vendor.catalogue import EXPORT_BOARDS, find_export_board, find_target
from sterna_boards.vendor.export import write_project
from sterna_boards.vendor.mmcm import find_mmcm

from tests.boards.vendor.tcl import Script

every_board = pytest.mark.parametrize("board", EXPORT_BOARDS.values(), ids=lambda board: board.name)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The project of every board, with a small accelerator."""
    folders = {}
    for name, board in EXPORT_BOARDS.items():
        folders[name] = folder = tmp_path_factory.mktemp(name)
        write_project(board, PRESETS["tiny"], None, "demo-tiny", folder)
    return folders


def top_ports(text: str, module: str) -> set[str]:
    header = re.search(rf"^module {module} \((.*?)^\);", text, re.MULTILINE | re.DOTALL)
    assert header is not None
    return set(re.findall(r"(\w+),?$", header[1], re.MULTILINE))


@every_board
def test_every_port_has_a_pin(board: ExportBoard, projects: dict[str, Path]) -> None:
    text = (projects[board.name] / "sterna.xdc").read_text()
    pins = dict(re.findall(r"PACKAGE_PIN (\S+) .*get_ports \{(\w+)\}", text))
    assert set(pins.values()) == {pin.port for pin in board.pins}
    assert len(pins) == len(board.pins)
    assert top_ports((projects[board.name] / "top.v").read_text(), "top") == set(pins.values())


@every_board
def test_script_builds(board: ExportBoard, projects: dict[str, Path]) -> None:
    folder = projects[board.name]
    runs = folder / "project/sterna.runs/impl_1"
    runs.mkdir(parents=True)
    (runs / "top.bit").write_text("")
    script = Script(folder / "build.tcl")
    assert script.code == 0 and "timing met" in script.said
    called = {call[0] for call in script.calls}
    assert {"create_project", "launch_runs", "open_run"} <= called
    added = [file for call in script.calls if call[0] == "add_files"
             for file in call[-1].split()]
    assert all((folder / file).is_file() for file in added)
    assert {"accelerator.v", "sterna.xdc"} <= set(added)
    assert (folder / "sterna.bit").is_file()


@every_board
def test_missed_timing_and_failed_runs_are_errors(board: ExportBoard,
                                                  projects: dict[str, Path]) -> None:
    folder = projects[board.name]
    (folder / "project/sterna.runs/impl_1").mkdir(parents=True, exist_ok=True)
    (folder / "project/sterna.runs/impl_1/top.bit").write_text("")
    slow = Script(folder / "build.tcl", answers={"SLACK": "-0.5"})
    assert slow.code == 1 and "timing is missed by 0.5 ns" in slow.said
    failed = Script(folder / "build.tcl", answers={"PROGRESS": "40%"})
    assert failed.code == 2 and "synth_1 failed" in failed.said


def test_script_refuses(projects: dict[str, Path], tmp_path: Path) -> None:
    folder = projects["arty-a7-100t"]
    assert "run this with Vivado" in Script(folder / "build.tcl", tools=()).said
    for name in ("build.tcl", "sterna.xdc"):
        text = (folder / name).read_text()
        (tmp_path / name).write_text(text.replace("PACKAGE_PIN A9", "PACKAGE_PIN FILL_IN"))
    refused = Script(tmp_path / "build.tcl")
    assert refused.code == 2 and "get_ports {rx}" in refused.said and not refused.calls


def test_verilog_elaborates(projects: dict[str, Path]) -> None:
    yosys = find_tool("yosys").executable
    result = subprocess.run(
        [yosys, "-q", "-p",
         "read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v; "
         "read_verilog -DSYNTHESIS accelerator.v top.v; hierarchy -check -top top; proc; "
         "check -assert"],
        cwd=projects["arty-a7-100t"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_command_writes_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    arguments = ["rtl", "random:hidden=32,layers=1,intermediate=32,vocabulary=64", "--board",
                 "arty-a7-100t", "--rows", "8", "--columns", "24", "--clock-mhz", "80",
                 "-o", str(folder)]
    assert application.run_arguments(arguments) == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["board"] == "arty-a7-100t"
    assert manifest["files"].keys() | {"manifest.json"} == {
        path.name for path in folder.iterdir()}
    assert all(file["description"] for file in manifest["files"].values())
    assert "80 MHz" in (folder / "README.md").read_text()


def test_refusals(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def error(*arguments: str) -> str:
        assert application.run_arguments([*arguments, "-o", str(tmp_path / "x")]) == 2
        return capsys.readouterr().err

    assert "sterna build MODEL --board ulx3s-85f" in error(
        "rtl", "demo-tiny", "--board", "ulx3s-85f")
    assert "projects are written for arty-a7-100t" in error(
        "rtl", "demo-tiny", "--board", "none")
    assert "sterna rtl MODEL --board arty-a7-100t" in error(
        "build", "demo-tiny", "--board", "arty-a7-100t")
    assert "--config" in error("rtl", "--board", "arty-a7-100t", "--config", "tiny")
    assert "clock-mhz" in error("rtl", "--config", "tiny", "--clock-mhz", "50")
    assert not (tmp_path / "x").exists()


def test_clock_that_cannot_be_made(tmp_path: Path) -> None:
    board = find_export_board("arty-a7-100t")
    with pytest.raises(InputError, match="5000 MHz cannot be made"):
        write_project(board, PRESETS["tiny"], 5e9, "demo", tmp_path)
    with pytest.raises(InputError, match="too slow for 3000000 bit/s; at least 9 MHz"):
        write_project(board, PRESETS["tiny"], 5e6, "demo", tmp_path)
    with pytest.raises(InputError, match="trace"):
        write_project(board, replace(PRESETS["tiny"], trace=True), None, "demo", tmp_path)
    assert not list(tmp_path.iterdir())


def test_unknown_target_lists_all() -> None:
    with pytest.raises(InputError, match="icebreaker.*arty-a7-100t"):
        find_target("none")


@pytest.mark.parametrize("mhz", [10, 33.333, 80, 100, 123, 150])
def test_clock_manager(mhz: float) -> None:
    found = find_mmcm(100e6, mhz * 1e6)
    oscillator = 100e6 / found.divide * found.multiply
    assert 600e6 <= oscillator <= 1200e6
    assert found.output_hz == pytest.approx(mhz * 1e6, rel=1e-3)
    assert found.output_hz == pytest.approx(oscillator / found.output_divide)
    assert found.output_divide == 1 or found.output_divide >= 2

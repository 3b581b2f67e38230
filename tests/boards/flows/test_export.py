"""Exported projects: complete, consistent, and of the same names throughout."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS
from sterna_boards.board import Board
from sterna_boards.catalogue import find_board
from sterna_boards.flows.export import write_project
from sterna_boards.flows.open.tools import find_tool
from sterna_boards.parts.xilinx_mmcm import find_mmcm

from tests.boards.flows.tcl import Script
from tests.boards.kinds import PROJECT_BOARDS

every_board = pytest.mark.parametrize("board", PROJECT_BOARDS.values(), ids=lambda one: one.name)
WRITERS = ("accelerator_verilog", "to_verilog", "to_bus_verilog")


def small(board: Board) -> Machine:
    machine = board.machine().having(rows=2, columns=6, vector_lanes=2, head_words=2,
                                     code_depth=60, lane="tables", weight_depth=1024)
    if board.outside is not None:
        return machine.having(memory_prefetch=2 * board.outside.burst)
    return machine


def write_without_accelerator(board: Board, machine: Machine, folder: Path) -> None:
    """The project, where the accelerator's own Verilog is left empty."""
    with pytest.MonkeyPatch.context() as patch:
        for writer in WRITERS:
            patch.setattr(f"sterna_boards.flows.export.{writer}", lambda *_, **__: "")
        write_project(board, machine, None, folder)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The project of every board."""
    folders = {}
    for name, board in PROJECT_BOARDS.items():
        folders[name] = folder = tmp_path_factory.mktemp(name)
        write_without_accelerator(board, small(board), folder)
    return folders


def top_ports(text: str, module: str) -> set[str]:
    header = re.search(rf"^module {module} \((.*?)^\);", text, re.MULTILINE | re.DOTALL)
    assert header is not None
    return set(re.findall(r"(\w+),?$", header[1], re.MULTILINE))


@every_board
def test_every_port_has_a_pin(board: Board, projects: dict[str, Path]) -> None:
    """Or a line that the user must fill in; memories get theirs from board files."""
    folder = projects[board.name]
    if board.exported().tool == "quartus":
        found = re.findall(r"PIN_(\S+) -to (\w+)", (folder / "sterna.qsf").read_text())
    else:
        found = re.findall(r"PACKAGE_PIN (\S+) .*get_ports \{(\w+)\}",
                           (folder / "sterna.xdc").read_text())
    assert [(pin.place or "FILL_IN", pin.port) for pin in board.exported().pins] == found
    ports = {port for _, port in found}
    if board.outside is None:
        assert top_ports((folder / "top.v").read_text(), "top") == ports
        return
    prepare(board, folder)
    calls = Script(folder / "build.tcl", answers=ANSWERS).calls
    assert {call[-1] for call in calls if call[0] == "create_bd_port"} == ports


def prepare(board: Board, folder: Path) -> None:
    """Files that the tool would have made, and pins where the user has to give them."""
    files = ["project/sterna.runs/impl_1/top.bit", "sterna.sof",
             "project/sterna.gen/sources_1/bd/board/ip/board_ps_0/psu_init.tcl"]
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("")
    (folder / "sterna.sta.summary").write_text(
        "Type  : Slow Setup 'clk_pin'\nSlack : 0.250\n\nType  : Hold\nSlack : 0.010\n")
    for name in ("sterna.qsf",):
        if (folder / name).is_file():
            text = (folder / name).read_text()
            (folder / name).write_text(text.replace("FILL_IN", "A1"))


ANSWERS = {"PROGRESS": "100%", "SLACK": "0.25"}
TOOLS = ("create_project", "load_package")


@every_board
def test_script_builds(board: Board, projects: dict[str, Path]) -> None:
    folder = projects[board.name]
    prepare(board, folder)
    script = Script(folder / "build.tcl", TOOLS, ANSWERS)
    assert script.code == 0 and "timing met" in script.said
    called = {call[0] for call in script.calls}
    if board.exported().tool == "quartus":
        assert {"project_new", "execute_flow"} <= called
        added = [call[-1] for call in script.calls
                 if call[:1] == ["set_global_assignment"] and call[-2].endswith("_FILE")]
        added.remove("reset_release.ip")
    else:
        assert {"create_project", "launch_runs", "open_run"} <= called
        added = [file for call in script.calls if call[0] == "add_files"
                 for file in call[-1].split() if "make_wrapper" not in call[-1]]
    assert {"accelerator.v"} < set(added)
    assert all((folder / file).is_file() for file in added)
    made = {"quartus": "sterna.sof", "vivado": "sterna.bit"}[board.exported().tool]
    assert (folder / made).is_file()
    assert (folder / "psu_init.tcl").is_file() == (board.name == "kv260")


@every_board
def test_missed_timing_and_failed_runs_are_errors(board: Board,
                                                  projects: dict[str, Path]) -> None:
    folder = projects[board.name]
    prepare(board, folder)
    (folder / "sterna.sta.summary").write_text("Slack : 0.2\nSlack : -0.5\n")
    slow = Script(folder / "build.tcl", TOOLS, ANSWERS | {"SLACK": "-0.5"})
    assert slow.code == 1 and "timing is missed by 0.5 ns" in slow.said
    if board.exported().tool == "vivado":
        failed = Script(folder / "build.tcl", TOOLS, ANSWERS | {"PROGRESS": "40%"})
        assert failed.code == 2 and "synth_1 failed" in failed.said


def test_script_refuses(projects: dict[str, Path], tmp_path: Path) -> None:
    folder = projects["arty-a7-100t"]
    assert "run this with Vivado" in Script(folder / "build.tcl", ()).said
    for name in ("build.tcl", "sterna.xdc"):
        text = (folder / name).read_text()
        (tmp_path / name).write_text(text.replace("PACKAGE_PIN A9", "PACKAGE_PIN FILL_IN"))
    refused = Script(tmp_path / "build.tcl")
    assert refused.code == 2 and "get_ports {rx}" in refused.said and not refused.calls


def test_pins_that_are_not_public_are_for_the_user(tmp_path: Path) -> None:
    write_without_accelerator(PROJECT_BOARDS["d5005"], PRESETS["tiny"], tmp_path)
    refused = Script(tmp_path / "build.tcl", TOOLS)
    assert refused.code == 2 and refused.said.count("FILL_IN") == 4 and not refused.calls


@pytest.mark.parametrize("name, cell", [
    *((name, "sterna_board") for name, board in PROJECT_BOARDS.items() if board.outside),
    ("kv260", "sterna_network")])
def test_block_design_is_connected(name: str, cell: str, projects: dict[str, Path]) -> None:
    """Every port of the accelerator once, and every clock and reset that the cells have."""
    board, folder = PROJECT_BOARDS[name], projects[name]
    assert board.outside is not None
    prepare(board, folder)
    network = cell == "sterna_network"
    path = folder / ("network.tcl" if network else "build.tcl")
    calls = Script(path, answers=ANSWERS).calls
    assert ["create_bd_cell", "-type", "module", "-reference", cell, "accelerator"] in calls
    text = " ".join(word for call in calls for word in call)
    buses = [word for call in calls if call[0] == "connect_bd_intf_net" for word in call[1:]]
    for port in range(board.outside.ports):
        assert sum(word.endswith(f"accelerator/m_axi_{port}") for word in buses) == 1
        assert f"get_bd_addr_spaces:accelerator/m_axi_{port} " in text + " "
    nets = [call[1:] for call in calls if call[0] == "connect_bd_net"]
    sinks = [net[1].split(":")[-1] for net in nets]
    assert len(sinks) == len(set(sinks))
    assert {"accelerator/clk", "accelerator/resetn",
            "reset/slowest_sync_clk", "reset/ext_reset_in"} <= set(sinks)
    assert network != ({"accelerator/rx", "accelerator/tx"} <= set(sinks))
    assert sum(word.endswith("accelerator/s_axi") for word in buses) == network
    if network:
        check_network(board, calls, (folder / "sterna_network.v").read_text())
    cells = {call[-1] for call in calls if call[0] == "create_bd_cell"}
    pins = {word.split(":")[-1] for net in nets for word in net if ":" in word and "/" in word}
    assert {pin.split("/")[0] for pin in pins} <= cells
    interfaces = set(re.findall(r"interface:aximm:1.0 (m_axi_\d+) ",
                                (folder / f"{cell}.v").read_text()))
    assert interfaces == {f"m_axi_{port}" for port in range(board.outside.ports)}
    missing = Script(path, answers=ANSWERS | {"get_board_parts": ""})
    assert missing.code == 2 and board.exported().board_files in missing.said
    assert board.exported().board_files_from.split()[0] in missing.said


def check_network(board: Board, calls: list[list[str]], text: str) -> None:
    """Registers where the program looks for them, and memory of the processors' upper half."""
    network, outside = board.network, board.outside
    assert network is not None and outside is not None
    places = {call[-1].split(":")[-1]: call[2] for call in calls if call[0] == "assign_bd_address"}
    assert int(places.pop("accelerator/s_axi/reg0"), 16) == network.registers
    assert len(places) == outside.ports and set(places.values()) == {"0x800000000"}
    assert all(segment.endswith("_DDR_HIGH") for segment in places)
    for port in range(outside.ports):
        base = network.memory + port * outside.port_bytes
        assert f"assign m_axi_{port}_araddr = 36'h{base:x} + m_axi_{port}_araddr_in_region" in text
    assert (network.memory + outside.ports * outside.port_bytes) <= 0x8_8000_0000
    assert any(call[0] == "write_hw_platform" for call in calls)


@pytest.mark.parametrize("name, pins", [
    ("alveo-u250", {"rx": "BF18", "tx": "BB20"}), ("alveo-u280", {"rx": "A28", "tx": "B33"})])
def test_the_alveo_page_names_board_files(name: str, pins: dict[str, str],
                                          projects: dict[str, Path]) -> None:
    """Pins as in part0_pins.xml of AMD's board files, where RX is an input of the FPGA."""
    board = PROJECT_BOARDS[name]
    assert {pin.port: pin.place for pin in board.exported().pins if pin.port in pins} == pins
    text = (projects[name] / "README.md").read_text()
    for part in ("https://www.xilinx.com/member/alveo-vivado.html", f"au{name[-3:]}_board",
                 "part0_pins.xml", "the other way round", "XilinxBoardStore/boards/Xilinx"):
        assert part in text
    assert "Tools > Vivado Store" not in text


def test_regions_must_hold_the_weights(tmp_path: Path) -> None:
    board = PROJECT_BOARDS["kv260"]
    with pytest.raises(InputError, match="behind each port there are 268435456"):
        small = PRESETS["tiny"].having(weight_depth=1 << 30, memory=Axi(ports=4))
        write_project(board, small, None, tmp_path)


XILINX = "read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v; "


@pytest.mark.parametrize("name, tops", [
    ("arty-a7-100t", {"top": "accelerator.v top.v"}),
    ("kv260", {"sterna_board": "accelerator.v sterna_board.v",
               "sterna_network": "accelerator_lite.v sterna_network.v"}),
    ("alveo-u250", {"sterna_board": "accelerator.v sterna_board.v"}),
    ("alveo-u280", {"sterna_board": "accelerator.v sterna_board.v"}),
    ("d5005", {"top": "accelerator.v top.v reset_release.v"}),
])
def test_verilog_elaborates(name: str, tops: dict[str, str], tmp_path: Path) -> None:
    board = PROJECT_BOARDS[name]
    write_project(board, small(board), None, tmp_path)
    (tmp_path / "reset_release.v").write_text(
        "(* blackbox *) module reset_release (output ninit_done); endmodule\n")
    script = (XILINX if board.exported().tool == "vivado" else "") + "design -save cells; "
    for top, sources in tops.items():
        script += (f"design -load cells; read_verilog -DSYNTHESIS {sources}; "
                   f"hierarchy -check -top {top}; proc; check -assert; ")
    result = subprocess.run([find_tool("yosys").executable, "-q", "-p", script],
                            cwd=tmp_path, capture_output=True, text=True)
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
    assert "no board is called 'none'; there are ulx3s-85f, " in error(
        "rtl", "demo-tiny", "--board", "none")
    assert "sterna rtl MODEL --board arty-a7-100t" in error(
        "build", "demo-tiny", "--board", "arty-a7-100t")
    assert "--config" in error("rtl", "--board", "arty-a7-100t", "--config", "tiny")
    assert "clock-mhz" in error("rtl", "--config", "tiny", "--clock-mhz", "50")
    assert not (tmp_path / "x").exists()


def test_clock_that_cannot_be_made(tmp_path: Path) -> None:
    board = find_board("arty-a7-100t")
    with pytest.raises(InputError, match="5000 MHz cannot be made"):
        write_project(board, PRESETS["tiny"], 5e9, tmp_path)
    with pytest.raises(InputError, match="with a clock of 5 MHz 12000000 bit/s are not"):
        write_project(board, PRESETS["tiny"], 5e6, tmp_path)
    with pytest.raises(InputError, match="trace"):
        write_project(board, PRESETS["tiny"].having(trace=True), None, tmp_path)
    assert not list(tmp_path.iterdir())


def test_unknown_target_lists_all() -> None:
    with pytest.raises(InputError, match="icebreaker.*arty-a7-100t"):
        find_board("none")


@pytest.mark.parametrize("mhz", [10, 33.333, 80, 100, 123, 150])
def test_clock_manager(mhz: float) -> None:
    found = find_mmcm(100e6, mhz * 1e6)
    oscillator = 100e6 / found.divide * found.multiply
    assert 600e6 <= oscillator <= 1200e6
    assert found.output_hz == pytest.approx(mhz * 1e6, rel=1e-3)
    assert found.output_hz == pytest.approx(oscillator / found.output_divide)
    assert found.output_divide == 1 or found.output_divide >= 2

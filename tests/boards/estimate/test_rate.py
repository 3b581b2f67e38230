# amaranth: UnusedElaboratable=no
"""The bit rate: what a board is built for is what the command that is printed opens."""

from __future__ import annotations

import gc
import json
import shlex
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import serial
from sterna.cli.application import run_arguments
from sterna.errors import InputError
from sterna.host.board_address import BoardAddress
from sterna.host.run_command import run_command
from sterna.machine.image import MemoryImage
from sterna.machine.presets import PRESETS
from sterna_boards.board import Board
from sterna_boards.catalogue import BOARDS
from sterna_boards.estimate.rate import MOST_DIVISOR, divisor
from sterna_boards.flows.open.designs import Design, accelerator, loopback
from sterna_boards.flows.open.report import LAYOUT, BuildReport

from tests.boards.kinds import OPEN_BOARDS, PROJECT_BOARDS

RATES = {
    "ulx3s-85f": 3_000_000, "ulx3s-12f": 3_000_000, "orangecrab-85f": 1_000_000,
    "ecpix5-85f": 12_000_000, "colorlight-i9": 1_000_000,
    "icebreaker": 3_000_000, "tang-nano-9k": 3_000_000, "tang-nano-20k": 2_000_000,
    "arty-a7-100t": 12_000_000, "kv260": 3_000_000, "alveo-u250": 12_000_000,
    "alveo-u280": 12_000_000, "d5005": 3_000_000,
}


@pytest.fixture
def opened(monkeypatch):
    """Ports that were opened, with their rates; none of them can be used."""
    found = []

    def port(name: str, rate: int, **_: object) -> None:
        found.append((name, rate))
        raise serial.SerialException(2, "no such port")

    monkeypatch.setattr(serial, "Serial", port)
    monkeypatch.setattr(BoardAddress, "check_there", lambda address: None)
    return found


@pytest.fixture
def built(monkeypatch, tmp_path):
    """Builds without tools: clocks of a bit and clock of every design that was built."""
    found: list[tuple[Fraction, float]] = []

    def build(board: Board, design: Design, *_: object) -> BuildReport:
        found.append((design.top()._divisor, design.clock_hz))
        bitstream = tmp_path / "sterna.bit"
        bitstream.write_bytes(b"bits")
        bitstream.with_name(LAYOUT).write_text("{}")
        return BuildReport(
            board=board.name, device=board.device, design=design.name, bitstream=bitstream,
            clock_mhz=design.clock_hz / 1e6, fmax_mhz=1e3, timing_met=True, seeds={1: 1e3},
            lanes=1, luts=1, luts_per_lane=1.0, ffs=1, block_rams=1, dsps=1, single_port_rams=0,
            critical_path="", logs=(), tools={}, units={}, unit_ffs={})

    monkeypatch.setattr("sterna_boards.model_build.build", build)
    # Nobody elaborates the designs, wherever their parts were made.
    monkeypatch.setattr("amaranth._unused.MustUse._MustUse__silence", True)
    yield found
    gc.collect()


def typed(line: str) -> list[str]:
    """The arguments of a printed command, as a shell makes them."""
    command, *arguments = shlex.split(line)
    assert command == "sterna"
    return arguments


def open_as_printed(capsys, opened, folder: Path, model: str) -> int:
    """Type what the last command printed, and the same with --config; the rate of both."""
    arguments = typed(capsys.readouterr().out.splitlines()[-1])
    device = arguments[arguments.index("--device") + 1]
    assert run_arguments(arguments) == 2
    assert "no such port" in capsys.readouterr().err
    assert run_arguments([
        "run", model, "--device", device, "--config", str(folder / "configuration.json")]) == 2
    assert len(opened) == 2 and opened[0] == opened[1]
    assert opened[0][0] == device.removeprefix("serial://")
    # An address that names a rate has the last word.
    assert run_arguments([*arguments[:1], "--device", f"{device}?baud=9600",
                          *arguments[3:]]) == 2
    assert opened[2][1] == 9600
    return opened[0][1]


def test_rates_of_all_boards():
    assert {name: board.baud for name, board in BOARDS.items()} == RATES


@pytest.mark.parametrize(("name", "baud"), [
    *((name, None) for name in OPEN_BOARDS), ("icebreaker", 921_600), ("ulx3s-85f", 1_000_000)])
@pytest.mark.parametrize("model", ["demo-tiny", "l2mu"])
def test_what_build_prints_opens_what_was_built(name, model, baud, built, opened, capsys, tmp_path):
    folder = tmp_path / "it's here"
    more = [] if baud is None else ["--baud", str(baud)]
    assert run_arguments(["build", model, "--board", name, "-o", str(folder), *more]) == 0
    rate = open_as_printed(capsys, opened, folder, model)
    assert rate == (baud or RATES[name])
    (bit, clock_hz), = built
    assert clock_hz / bit == pytest.approx(rate, rel=1e-6)
    for file in ("configuration.json", "manifest.json"):
        found = json.loads((folder / file).read_text())
        assert found.get("link", found)["baud"] == rate
    assert MemoryImage.load(folder / "image.sterna").machine.link.baud == rate


@pytest.mark.parametrize("name", PROJECT_BOARDS)
def test_what_rtl_prints_opens_what_the_project_is_for(name, opened, capsys, tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr("sterna_boards.flows.export.to_serial_verilog",
                        lambda _, bit, **__: found.append(bit) or "")
    monkeypatch.setattr("sterna_boards.flows.export.to_verilog", lambda _, **__: "")
    monkeypatch.setattr("sterna_boards.flows.export.to_bus_verilog", lambda *_: "")
    folder = tmp_path / "rtl"
    assert run_arguments(["rtl", "demo-tiny", "--board", name, "-o", str(folder)]) == 0
    page = (folder / "README.md").read_text()
    rate = open_as_printed(capsys, opened, folder, "demo-tiny")
    assert rate == RATES[name]
    clock_mhz = float(page.split(" MHz\n")[0].rpartition(" ")[2])
    assert clock_mhz * 1e6 / found[0] == pytest.approx(rate, rel=1e-5)
    assert json.loads((folder / "manifest.json").read_text())["baud"] == rate
    board = PROJECT_BOARDS[name]
    line = next(line for line in page.splitlines() if line.startswith("    sterna run "))
    assert line.strip() == run_command(board.port_name, Path("image.sterna"))


@pytest.mark.parametrize(("model", "more", "rate"), [
    ("demo-tiny", ["--config", "tiny"], 1_000_000), ("l2mu", ["--baud", "460800"], 460_800)])
def test_what_rtl_prints_without_a_board(model, more, rate, opened, capsys, tmp_path):
    folder = tmp_path / "rtl"
    assert run_arguments(["rtl", model, "-o", str(folder), *more]) == 0
    assert open_as_printed(capsys, opened, folder, model) == rate
    assert json.loads((folder / "manifest.json").read_text())["baud"] == rate


@pytest.mark.parametrize(("baud", "error"), [
    ("0", "baud is 0; it must be a whole number from 1"),
    ("20000000", "with a clock of 21 MHz 20000000 bit/s are not understood from a host that is "
     "2.5% fast or slow; the nearest rate that is: --baud 10240000"),
    ("300", "baud: 300 bit/s is too slow for a clock of 21 MHz; at least --baud 401"),
])
def test_a_rate_that_the_clock_cannot_make_is_refused(baud, error, built, capsys, tmp_path):
    folder = tmp_path / "build"
    assert run_arguments([
        "build", "demo-tiny", "--board", "icebreaker", "-o", str(folder), "--baud", baud]) == 2
    assert error in capsys.readouterr().err
    assert built == [] and not folder.exists()


def test_limits_of_a_bit():
    assert divisor(9e6, 3_000_000) == 3 and divisor(36e6, 12_000_000) == 3
    assert divisor(1e6 * MOST_DIVISOR, 1_000_000) == MOST_DIVISOR
    for clock_hz, baud in ((21e6, 20_000_000), (9.9e6, 3_000_000), (5, 7)):
        with pytest.raises(InputError, match=rf"{baud} bit/s .* the nearest rate .* --baud \d+$"
                           ) as caught:
            divisor(clock_hz, baud)
        assert divisor(clock_hz, int(str(caught.value).split()[-1])) >= 2


def test_another_rate_is_another_bitstream():
    """The rate is part of what the cache knows a design by."""
    board = OPEN_BOARDS["ulx3s-85f"]
    assert loopback(board).key != loopback(replace(board, baud=1_000_000)).key
    faster = PRESETS["tiny"].having(baud=2_000_000)
    assert accelerator(board, PRESETS["tiny"]).key != accelerator(board, faster).key

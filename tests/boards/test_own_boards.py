"""A board file of the user's own: its pins and its top level, up to what the tools are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.build import build
from sterna_boards.flows.open.designs import loopback

from tests.boards.fake_tools import FakeTools

OWN = '''
from pathlib import Path

from amaranth.build import Attrs, Clock, Pins, Resource, Subsignal
from amaranth.hdl import Signal
from amaranth.lib import io
from amaranth.vendor import LatticeECP5Platform

from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.shape import Shape
from sterna_hw.board.top import BoardTop


class OwnPlatform(LatticeECP5Platform):
    device, package, speed = "LFE5U-25F", "BG381", "6"
    default_clk = "clk25"
    resources = [
        Resource("clk25", 0, Pins("G2", dir="i"), Clock(25e6), Attrs(IO_TYPE="LVCMOS33")),
        Resource("uart", 0, Subsignal("rx", Pins("M1", dir="i")),
                 Subsignal("tx", Pins("L4", dir="o")), Attrs(IO_TYPE="LVCMOS33")),
        Resource("lamp", 0, Pins("B2", dir="o"), Attrs(IO_TYPE="LVCMOS33")),
    ]
    connectors = []


class OwnTop(BoardTop):
    """The accelerator, and a lamp that blinks."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        m.submodules.lamp = lamp = io.Buffer("o", platform.request("lamp", 0, dir="-"))
        count = Signal(24, name="own_counter")
        m.d.sync += count.eq(count + 1)
        m.d.comb += lamp.o.eq(count[-1])
        return m


MINE = Board(
    name="mine", title="Mine", device="LFE5U-25F-6BG381C", family="ecp5", pin_hz=25_000_000,
    clock_hz=100_000_000, baud=1_000_000, link="a cable", model="demo-tiny", memory="none",
    capacity=Capacity(luts=24_288, block_rams=56, block_ram_bits=18_432, dsps=28),
    shape=Shape(rows=4, columns=32, vector_lanes=4), revisions="all",
    open_tools=OpenTools(platform=OwnPlatform, loader=("-b", "mine"), flash="its flash",
                         top=OwnTop),
)
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    return path


def test_own_pins_and_top_level_reach_the_tools(file: Path, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    tools = FakeTools(folder, monkeypatch)
    board = find_board(str(file))
    report = build(board, loopback(board))
    assert report.bitstream.read_text() and tools.calls()
    netlist, = (path for path in (folder / "cache").rglob("sterna.lpf"))
    text = netlist.read_text()
    for port, site in (("uart_0__rx__io", "M1"), ("uart_0__tx__io", "L4"), ("lamp_0__io", "B2")):
        assert f'LOCATE COMP "{port}" SITE "{site}";' in text
    assert "own_counter" in netlist.with_suffix(".il").read_text()
    build(board, loopback(board))
    assert tools.calls() == []  # it was built
    file.write_text(OWN.replace('"M1"', '"N1"'))  # another pin is another bitstream
    board = find_board(str(file))
    build(board, loopback(board))
    assert "YOSYS" in tools.calls()
    assert any('SITE "N1"' in path.read_text() for path in (folder / "cache").rglob("*.lpf"))


def test_every_command_takes_the_file(file: Path, sterna: Any) -> None:
    assert json.loads(sterna("estimate", "demo-tiny", "--board", file, "--json").output)["fits"]
    assert "Mine" in sterna("boards", file).output


@pytest.mark.parametrize(("text", "reason"), [
    ("1 +", "cannot be loaded: invalid syntax"),
    ("import nowhere_to_be_found", "cannot be loaded: No module named 'nowhere_to_be_found'"),
    ("raise SystemExit(3)", "cannot be loaded: SystemExit 3"),
    ("x = 7", "makes 0 boards; it must make one sterna_boards.board.Board"),
    (OWN.replace('name="mine"', 'name="icebreaker"'), "there is a board 'icebreaker' already"),
    (OWN + "\nfrom dataclasses import replace\nOTHER = replace(MINE, name='b')", "makes 2 boards"),
])
def test_a_broken_file_is_one_line(file: Path, sterna: Any, text: str, reason: str) -> None:
    file.write_text(text)
    refused = sterna("estimate", "demo-tiny", "--board", file)
    assert refused.code == 2 and refused.errors.count("\n") == 1
    assert f"{file}: {reason}" in refused.errors


def test_a_file_that_is_not_there(sterna: Any, tmp_path: Path) -> None:
    refused = sterna("build", "demo-tiny", "--board", tmp_path / "none.py")
    assert refused.code == 2 and "none.py: file not found" in refused.errors

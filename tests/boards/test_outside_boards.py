"""Boards of other packages: one file and an entry point, known to every command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.errors import InputError
from sterna_boards.board import Board
from sterna_boards.catalogue import BOARDS, all_boards, find_board

from tests.boards.kinds import OPEN_BOARDS

BOARD = '''
from sterna_boards.bitstream_tools import OpenTools
from sterna_boards.board import Board, Capacity
from sterna_boards.shape import Shape


def platform():
    raise NotImplementedError("nothing is built here")


TERN = Board(
    name="tern-1", title="Tern 1", device="LFE5U-25F-6BG381C", family="ecp5", pin_hz=25_000_000,
    clock_hz=60_000_000, baud=1_000_000, link="a cable", model="demo-tiny", memory="none",
    capacity=Capacity(luts=24_288, block_rams=56, block_ram_bits=18_432, dsps=28),
    shape=Shape(rows=4, columns=32, vector_lanes=4), revisions="all",
    open_tools=OpenTools(platform=platform, loader=("-b", "tern"), flash="its flash"),
)
'''
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with one entry point on the path, as pip does."""
    def installed(text: str, value: str = "tern_board:TERN") -> None:
        (tmp_path / "tern_board.py").write_text(text)
        facts = tmp_path / "tern_boards-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: tern-boards\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text(f"[sterna.boards]\ntern = {value}\n")
        monkeypatch.delitem(sys.modules, "tern_board", raising=False)
        monkeypatch.syspath_prepend(tmp_path)
        all_boards.cache_clear()

    yield installed
    all_boards.cache_clear()


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert application.run_arguments([*arguments]) == 0
    return capsys.readouterr().out


def test_an_installed_board_is_known_to_every_command(
        install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(BOARD)
    assert [*all_boards()] == [*BOARDS, "tern-1"]
    rows = json.loads(output(capsys, "boards", "--json"))["boards"]
    assert rows[-1]["board"] == "tern-1" and rows[-1]["luts"] == 24_288
    assert "Tern 1" in output(capsys, "boards", "tern-1")
    found = json.loads(output(capsys, "estimate", "demo-tiny", "--board", "tern-1", "--json"))
    assert found["device"] == "LFE5U-25F-6BG381C" and found["fits"]
    assert (found["lanes"], found["clock_mhz"]) == (128, 60.0)
    with pytest.raises(InputError, match="there are ulx3s-85f, .*, d5005, tern-1$"):
        find_board("none")


@pytest.mark.parametrize(("text", "value", "reason"), [
    ("import nowhere_to_be_found", "tern_board:TERN",
     "cannot be loaded: No module named 'nowhere_to_be_found'; mend or uninstall it"),
    ("raise SystemExit", "tern_board:TERN", "cannot be loaded: SystemExit; mend or uninstall it"),
    ("1 +", "tern_board:TERN", r"cannot be loaded: invalid syntax \(tern_board.py, line 1\)"),
    (BOARD, "tern_board:TERM", "cannot be loaded: module 'tern_board' has no attribute 'TERM'"),
    (BOARD.replace(", loader", "") , "tern_board:TERN", "cannot be loaded: "),
    ("TERN = 7", "tern_board:TERN", r"is no sterna_boards.board.Board but int; mend or uninstall"),
    (BOARD.replace('"tern-1"', '"ulx3s-85f"'), "tern_board:TERN",
     "there is a board 'ulx3s-85f' already; give it another name, or uninstall it"),
    (BOARD.replace("open_tools=", "model_="), "tern_board:TERN",
     "cannot be loaded: .*unexpected keyword argument 'model_'"),
    (BOARD[:BOARD.index("    open_tools=")] + ")", "tern_board:TERN",
     "cannot be loaded: tern-1: give open_tools or a project, one of both"),
])
def test_a_broken_entry_point_is_one_line_that_names_it(
        install: Install, capsys: pytest.CaptureFixture[str], text: str, value: str, reason: str,
) -> None:
    install(text, value)
    message = rf"tern-boards: its board tern \({value}\).* ?{reason}"
    with pytest.raises(InputError, match=message):
        all_boards()
    for arguments in (["boards"], ["estimate", "demo-tiny", "--board", "none"]):
        assert application.run_arguments(arguments) == 2
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1 and "tern-boards: its board tern" in captured.err
    # Who asks for a board of Sterna's own does not meet it.
    assert find_board("icebreaker") is BOARDS["icebreaker"]


def test_a_board_says_who_makes_its_bitstream() -> None:
    with pytest.raises(InputError, match="kv260: its vendor's tool makes the bitstream, .*rtl"):
        find_board("kv260").tools()
    with pytest.raises(InputError, match="icebreaker: open tools make its bitstream"):
        find_board("icebreaker").exported()
    every: list[Board] = list(BOARDS.values())
    assert sum(board.project is not None for board in every) == len(BOARDS) - len(OPEN_BOARDS) == 5

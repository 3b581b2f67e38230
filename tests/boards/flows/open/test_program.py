"""Loading a bitstream: arguments, missing loader, failing loader."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.errors import CheckError, InputError
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.program import loader_lines, program

from tests.boards.kinds import OPEN_BOARDS

LOADER_NAMES = {
    "ulx3s-85f": "ulx3s", "ulx3s-12f": "ulx3s", "orangecrab-85f": "orangeCrab",
    "ecpix5-85f": "ecpix5", "colorlight-i9": "colorlight-i9", "icebreaker": "ice40_generic",
    "tang-nano-9k": "tangnano9k", "tang-nano-20k": "tangnano20k",
}
"""What openFPGALoader calls the boards (its doc/boards.yml)."""


def _loader(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    path = folder / "loader"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv("OPENFPGALOADER", str(path))
    return path


@pytest.mark.parametrize("name", OPEN_BOARDS)
def test_loader_is_told_the_board(name: str, tmp_path: Path,
                                  monkeypatch: pytest.MonkeyPatch) -> None:
    board = find_board(name)
    _loader(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/arguments')
    tools = board.tools()
    told = program(board, Path("/x/sterna.bit"), flash=tools.flash_only)
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments == [*tools.loader, *["--write-flash"] * tools.flash_only, "/x/sterna.bit"]
    assert tools.loader == ("-b", LOADER_NAMES[name])
    assert ("stays" if tools.flash_only else "gone") + " at power off" in told


@pytest.mark.parametrize("name", OPEN_BOARDS)
def test_flash_is_written_when_asked_for(name: str, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    board = find_board(name)
    _loader(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/arguments')
    told = program(board, Path("/x/sterna.bit"), flash=True)
    assert "--write-flash" in (tmp_path / "arguments").read_text()
    assert board.tools().flash in told and "stays at power off" in told


@pytest.mark.parametrize("name", OPEN_BOARDS)
def test_the_lines_that_are_told_are_those_that_are_run(name: str, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    board = find_board(name)
    _loader(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/arguments')
    lines = dict(loader_lines(board, Path("/x/a b.bit")))
    only = ["into the flash"] if board.tools().flash_only else ["until power off", "into the flash"]
    assert [*lines] == only
    for words, line in lines.items():
        program(board, Path("/x/a b.bit"), flash=words == "into the flash")
        loader, *arguments = shlex.split(line)
        assert loader == "openFPGALoader"
        assert " ".join(arguments) == (tmp_path / "arguments").read_text().strip()


@pytest.mark.parametrize("name, over", [
    ("icebreaker", "over the bitstream at the start of its SPI flash"),
    ("orangecrab-85f", "over the user's bitstream in its SPI flash, from 0x80000 on"),
])
def test_flash_is_never_written_unasked(name: str, over: str, tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """openFPGALoader has no other way for these two; all others load what is gone at power off."""
    assert {board.name for board in OPEN_BOARDS.values() if board.tools().flash_only} == {
        "icebreaker", "orangecrab-85f"}
    _loader(tmp_path, monkeypatch, f"touch {tmp_path}/ran")
    with pytest.raises(InputError) as caught:
        program(find_board(name), Path("/x/sterna.bit"))
    assert over in str(caught.value) and "add --flash" in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["icebreaker", "orangecrab-85f"])
@pytest.mark.parametrize("said", ["Fail", "Error: fail to change state -4", "download: failed 7 5",
                                  "Fails to send packet LIBUSB_ERROR_PIPE"])
def test_a_loader_that_fails_with_zero_is_heard(name: str, said: str, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """As openFPGALoader 1.1.1 does when CDONE stays low, and when a DFU download breaks off."""
    _loader(tmp_path, monkeypatch, f"printf 'Reset\\n\\033[31m{said}\\033[0m\\n'; exit 0")
    with pytest.raises(CheckError) as caught:
        program(find_board(name), Path("/x/sterna.bin"), flash=True)
    assert f"failed: {said}; " in str(caught.value)


def test_the_boot_loader_of_the_orangecrab_is_named(tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    _loader(tmp_path, monkeypatch, "echo 'No DFU compatible device found'; exit 1")
    with pytest.raises(CheckError, match=r"found; is it in its boot loader\? Hold its button"):
        program(find_board("orangecrab-85f"), Path("/x/sterna.bit"), flash=True)


def test_the_other_cable_of_an_ecpix_5_is_tried(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    _loader(tmp_path, monkeypatch, f'echo "$2" >> {tmp_path}/boards\n'
                                   '[ "$2" = ecpix5_r03 ] || { echo "no cable"; exit 1; }')
    program(find_board("ecpix5-85f"), Path("/x/sterna.bit"))
    assert (tmp_path / "boards").read_text().split() == ["ecpix5", "ecpix5_r03"]
    _loader(tmp_path, monkeypatch, "echo 'cannot find board'; exit 1")
    with pytest.raises(CheckError, match="cannot find board; .* Revision R03 has another cable"):
        program(find_board("ecpix5-85f"), Path("/x/sterna.bit"))


@pytest.mark.parametrize("arguments, message", [
    (["--program"], "icebreaker: --program can only write its flash, over"),
    (["--flash"], "--flash says where --program puts the bitstream; give both"),
])
def test_build_says_so_before_it_builds(arguments: list[str], message: str,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(
        ["build", "demo-tiny", "--board", "icebreaker", *arguments]) == 2
    errors = capsys.readouterr().err
    assert message in errors and errors.count("\n") == 1


def test_missing_loader_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch,
                                               tmp_path: Path) -> None:
    monkeypatch.delenv("OPENFPGALOADER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="apt-get install openfpgaloader.* /x/sterna.bit"):
        program(find_board("icebreaker"), Path("/x/sterna.bit"), flash=True)


def test_failing_loader_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _loader(tmp_path, monkeypatch, "echo searching; echo 'no cable found' >&2; exit 1")
    with pytest.raises(CheckError, match="ulx3s-85f: openFPGALoader failed: no cable found; is"):
        program(find_board("ulx3s-85f"), Path("/x/sterna.bit"))

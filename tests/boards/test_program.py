"""Loading a bitstream: arguments, missing loader, failing loader."""

from __future__ import annotations

from pathlib import Path

import pytest
from sterna.errors import CheckError, InputError
from sterna_boards.catalogue import BOARDS, find_board
from sterna_boards.program import program


def _loader(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    path = folder / "loader"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    monkeypatch.setenv("OPENFPGALOADER", str(path))
    return path


@pytest.mark.parametrize("name", BOARDS)
def test_loader_is_told_the_board(name: str, tmp_path: Path,
                                  monkeypatch: pytest.MonkeyPatch) -> None:
    board = find_board(name)
    _loader(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/arguments')
    program(board, Path("/x/sterna.bit"))
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments == [*board.loader, "/x/sterna.bit"]
    assert board.loader[0] == "-b"


def test_missing_loader_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch,
                                               tmp_path: Path) -> None:
    monkeypatch.delenv("OPENFPGALOADER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="apt-get install openfpgaloader.* /x/sterna.bit"):
        program(find_board("icebreaker"), Path("/x/sterna.bit"))


def test_failing_loader_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _loader(tmp_path, monkeypatch, "echo searching; echo 'no cable found' >&2; exit 1")
    with pytest.raises(CheckError, match="ulx3s-85f: openFPGALoader failed: no cable found; is"):
        program(find_board("ulx3s-85f"), Path("/x/sterna.bit"))

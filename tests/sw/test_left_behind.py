"""The list of what a process is writing stays of use after a signal between any two steps."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from sterna.left_behind import OwnList
from sterna.unfinished import write_whole


def test_a_guard_that_nobody_gives_back_stops_no_thread(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path))
    monkeypatch.setattr("sterna.left_behind._PATIENCE", 0.01)
    own = OwnList()
    own._guard.acquire()
    thread = threading.Thread(target=own.write, args=[[tmp_path / "half"]], daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    kept, = (tmp_path / "unfinished").glob("*.json")
    assert json.loads(kept.read_text())[1] == [str(tmp_path / "half")]
    own.write([])
    assert not list((tmp_path / "unfinished").iterdir())


@pytest.mark.parametrize("there", [True, False])
def test_a_file_behind_a_link_is_written_there(tmp_path: Path, there: bool) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    if there:
        (folder / "file").write_text("old")
    link.symlink_to("folder/file")
    write_whole(link, "new")
    assert link.is_symlink() and (folder / "file").read_text() == "new"
    assert len([*tmp_path.rglob("*")]) == 3

"""What a killed process leaves goes with the next one that writes; nobody else's does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sterna.cache_folder import cache_folder
from sterna.unfinished import write_whole

WRITE = """
import sys, time
from pathlib import Path
from sterna.files.folder import replace_folder
from sterna.files.manifest import Format
from sterna.unfinished import whole_file
target = Path(sys.argv[1])
with replace_folder(target / "out", Format("thing", 1, "again")) as folder:
    with whole_file(target / "file") as partial:
        (folder / "half").write_text("")
        partial.write_text("")
        print(flush=True)
        time.sleep(600)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def begin():
    """Begins to write in a folder; returns the process when it is in the middle of it."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(folder: Path) -> subprocess.Popen[bytes]:
        folder.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(folder)], stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == b"\n"
        return process

    yield begin
    for process in started:
        kill(process)
        process.__exit__(None, None, None)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def left(folder: Path) -> int:
    return len(list(folder.glob(".sterna-*")))


def test_the_next_that_writes_removes_it(tmp_path, begin):
    here, there = tmp_path / "here", tmp_path / "there"
    kill(begin(here))
    running = begin(there)
    assert left(there) == 2
    assert left(here) == 0, "the second process has begun to write"
    (here / ".sterna-notes").write_text("mine")
    kill(begin(here))
    assert left(here) == 3 and running.poll() is None
    write_whole(tmp_path / "file", "anything")
    assert [path.name for path in here.iterdir()] == [".sterna-notes"]
    assert left(there) == 2, "of a process that is at work"
    kill(running)
    write_whole(tmp_path / "file", "anything")
    assert left(there) == 0
    assert not list((cache_folder() / "unfinished").iterdir())


def test_another_machine_and_a_list_that_was_cut_off(tmp_path):
    theirs = tmp_path / ".sterna-01234567"
    theirs.mkdir()
    folder = cache_folder() / "unfinished"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text(f'["elsewhere", ["{theirs}"]]')
    (folder / "b.json").write_text('["')
    write_whole(tmp_path / "file", "anything")
    assert theirs.is_dir()
    assert [path.name for path in folder.iterdir()] == ["a.json"]


def test_a_cache_that_cannot_be_written_keeps_nothing_back(tmp_path, monkeypatch):
    (tmp_path / "full").write_text("")
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "full"))
    write_whole(tmp_path / "file", "whole")
    assert (tmp_path / "file").read_text() == "whole"

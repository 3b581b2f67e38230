"""The cache of built things: whole folders, built once, by one of many."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sterna.cache import cached_folder, digest
from sterna.cache_folder import cache_folder
from sterna.errors import InputError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_place_of_the_cache(monkeypatch, tmp_path, cache):
    assert cache_folder() == cache
    monkeypatch.delenv("STERNA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "sterna"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "sterna"


def test_digests_depend_on_every_part_and_its_border():
    names = {digest(parts) for parts in (["a", "b"], ["ab"], ["a", "b", ""], ["b", "a"])}
    assert len(names) == 4
    assert digest(["a", b"b"]) == digest([b"a", "b"])


def test_a_folder_is_made_once():
    calls = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "result").write_text("done")

    first = cached_folder("kind", "name", make)
    assert cached_folder("kind", "name", make) == first
    assert (first / "result").read_text() == "done" and len(calls) == 1


def test_a_failure_leaves_nothing_and_the_next_attempt_works(cache):
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        cached_folder("kind", "name", fail)
    assert [path.name for path in (cache / "kind").iterdir()] == ["name.lock"]
    assert list(cached_folder("kind", "name", lambda folder: None).iterdir()) == []


def test_of_many_at_once_one_builds():
    calls = []

    def make(folder: Path) -> None:
        calls.append(folder)
        time.sleep(0.2)
        (folder / "result").write_text("done")

    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: cached_folder("kind", "name", make), range(4)))
    assert len(calls) == 1 and len(folders) == 1
    assert (folders.pop() / "result").read_text() == "done"


def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="set STERNA_CACHE"):
        cached_folder("kind", "name", lambda folder: os.stat(folder))


HOLD = """
import sys, time
from pathlib import Path
from sterna.cache import cached_folder

def make(folder):
    print(flush=True)
    time.sleep(600)

cached_folder("kind", "name", make)
"""


def test_waiting_is_told_and_a_killed_process_holds_nothing(cache):
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE,
                              env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert holder.stdout is not None and holder.stdout.readline() == b"\n"
    told = []

    def tell(step: str, done: int, parts: int) -> None:
        told.append(step)
        holder.kill()

    made = cached_folder("kind", "name", lambda folder: (folder / "result").touch(), tell)
    holder.communicate()
    assert told == ["waiting for another process that makes the same kind"]
    assert [path.name for path in made.iterdir()] == ["result"]
    assert sorted(path.name for path in (cache / "kind").iterdir()) == ["name", "name.lock"]

"""An interrupt at any moment leaves the old, or the new, and nothing beside."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from sterna.cache import cached_folder
from sterna.files.arrays import save_arrays
from sterna.files.folder import replace_folder
from sterna.files.manifest import Format, write_manifest
from sterna.machine.container import read_container, write_container
from sterna.unfinished import whole_file, write_whole

from tests.sw.files.interrupts import moments

KIND = Format("thing", 1, "make it again")
pytestmark = [  # a file that is open at the interrupt is closed with its object
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
STEPS = pytest.mark.parametrize(("event", "stride"), [
    ("line", 29), ("opcode", 499), pytest.param("line", 1, marks=pytest.mark.long)])


def write_folder(target: Path, text: str) -> None:
    with replace_folder(target, KIND) as folder:
        (folder / text).mkdir()
        for name in ("a", f"{text}/b"):
            (folder / name).write_text(text)
        write_manifest(folder, KIND)


def content(folder: Path) -> dict[str, bytes | None]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}


@STEPS
def test_a_new_folder(tmp_path: Path, event: str, stride: int) -> None:
    """Also one whose parents are new."""
    write_folder(tmp_path / "wanted", "new")
    wanted = content(tmp_path / "wanted")
    target = tmp_path / "parent" / "target"
    for moment in moments(lambda: write_folder(target, "new"), event, stride):
        if os.listdir(tmp_path) != ["wanted"]:
            assert content(target) == wanted, moment
            assert os.listdir(target.parent) == ["target"], moment
            shutil.rmtree(target.parent)


@STEPS
def test_a_folder_that_is_there(tmp_path: Path, event: str, stride: int) -> None:
    target = tmp_path / "target"
    write_folder(target, "old")
    (target / "thesis").write_text("mine")
    wanted = {"old": content(target)}
    write_folder(target, "new")
    wanted["new"] = content(target)

    def write() -> None:
        write_folder(target, "old" if (target / "new").exists() else "new")

    for moment in moments(write, event, stride):
        assert content(target) in wanted.values(), moment
        assert os.listdir(tmp_path) == ["target"], moment


@STEPS
def test_files(tmp_path: Path, event: str, stride: int) -> None:
    arrays, image, text = (tmp_path / name for name in ("arrays.npz", "image", "text"))
    turn = 0

    def write() -> None:
        nonlocal turn
        turn += 1
        save_arrays(arrays, {"values": np.full(3, turn)})
        write_container(image, {"part": [np.full(3, turn % 256, np.uint8)]}, {"turn": turn})
        write_whole(text, f"{turn}")

    for moment in moments(write, event, stride):
        assert sorted(os.listdir(tmp_path)) == ["arrays.npz", "image", "text"], moment
        with np.load(arrays) as found:
            assert len(set(found["values"])) == 1
        parts, manifest = read_container(image)
        assert parts["part"].tolist() == [manifest["turn"] % 256] * 3
        assert text.read_text().isdigit()


@STEPS
def test_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, event: str, stride: int
                   ) -> None:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path))
    turn = 0

    def make(folder: Path) -> None:
        for name in ("first", "second"):
            (folder / name).write_text("whole")

    def write() -> None:
        nonlocal turn
        turn += 1
        cached_folder("kind", f"{turn}", make)

    for moment in moments(write, event, stride):
        left = {path.name for path in (tmp_path / "kind").glob("*")}
        assert left <= {f"{number}{end}" for number in range(1, turn + 1) for end in ("", ".lock")}
        if f"{turn}" in left:
            assert sorted(os.listdir(tmp_path / "kind" / f"{turn}")) == ["first", "second"], moment


def test_the_disk_is_full(tmp_path: Path) -> None:
    """Whatever was begun goes, and the older file stays."""
    target = tmp_path / "target"
    target.write_text("old")
    with pytest.raises(OSError, match="No space"):
        with whole_file(target) as partial:
            partial.write_text("ne")
            raise OSError(28, "No space left on device")
    assert content(tmp_path) == {"target": b"old"}


def test_what_was_killed_goes_with_the_next_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                                  ) -> None:
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path))
    for name in ("ab.0123", "abc.0123"):
        (tmp_path / "kind" / name).mkdir(parents=True)
        (tmp_path / "kind" / name / "half").write_text("")
    (tmp_path / "kind" / "ab.unpromising").write_text("")
    cached_folder("kind", "ab", lambda folder: None)
    assert sorted(os.listdir(tmp_path / "kind")) == ["ab", "ab.lock", "ab.unpromising", "abc.0123"]

"""A folder is replaced whole or not at all, and only what Sterna wrote is replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna.files.folder import replace_folder
from sterna.files.manifest import MANIFEST, Format, write_manifest

KIND = Format("thing", 1, "make it again")
FIRST = {"a.txt": "old a", "b.txt": "old b", "logs/one.txt": "old log"}
SECOND = {"a.txt": "new a", "c.txt": "new c", "logs/two.txt": "new log", "more/d.txt": "new d"}


def write(target: Path, files: dict[str, str], sources: Iterable[Path] = ()) -> None:
    with replace_folder(target, KIND, sources) as folder:
        fill(folder, files)


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    write_manifest(folder, KIND)


def content(folder: Path) -> dict[str, str | None]:
    """Text of every file by its path; folders have None."""
    return {path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else None
            for path in folder.rglob("*")}


def texts(folder: Path) -> dict[str, str | None]:
    """The same without folders and manifest."""
    return {name: text for name, text in content(folder).items()
            if text is not None and name != MANIFEST}


def link_away(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "place" / "folder", FIRST)
    return tmp_path / "place" / "folder"


def test_what_is_not_ours_stays(folder: Path) -> None:
    (folder / "thesis.txt").write_text("mine")
    (folder / "logs" / "mine").mkdir()
    before = folder.stat().st_ino
    write(folder, SECOND)
    assert texts(folder) == {**SECOND, "thesis.txt": "mine"}
    assert (folder / "logs" / "mine").is_dir() and folder.stat().st_ino == before
    write(folder, {"d.txt": "d"})
    assert texts(folder) == {"d.txt": "d", "thesis.txt": "mine"}
    assert os.listdir(folder.parent) == ["folder"]


def test_folders_that_held_only_our_files_go(folder: Path) -> None:
    write(folder, {"d.txt": "d"})
    assert sorted(os.listdir(folder)) == ["d.txt", MANIFEST]


def test_an_empty_folder_and_a_link_to_one_are_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    write(tmp_path / "link", FIRST)
    assert (tmp_path / "link").is_symlink() and texts(tmp_path / "empty") == FIRST
    (tmp_path / "dangling").symlink_to("new")
    write(tmp_path / "dangling", SECOND)
    assert (tmp_path / "dangling").is_symlink() and texts(tmp_path / "new") == SECOND


@pytest.mark.parametrize(("change", "message"), [
    (lambda folder: (folder / MANIFEST).write_text("{}"), "holds a.txt, and no manifest of Sterna"),
    (lambda folder: (folder / MANIFEST).unlink(), "remove this one yourself"),
    (lambda folder: (folder / MANIFEST).write_text((folder / MANIFEST).read_text() + "\n"),
     f"{MANIFEST}: was changed since Sterna wrote it"),
    (lambda folder: (folder / "a.txt").write_text("better"), "a.txt: was changed since Sterna"),
    (lambda folder: write_manifest(folder, Format("model", 1, "")),
     "holds a sterna model, not a sterna thing"),
    (lambda folder: (folder / "c.txt").write_text("mine"), "c.txt: is in the way"),
    (lambda folder: (folder / "c.txt").mkdir(), "c.txt: is in the way"),
    (lambda folder: (folder / "c.txt").symlink_to("nowhere"), "c.txt: is in the way"),
    (lambda folder: (folder / "logs" / "two.txt").write_text("mine"), "two.txt: is in the way"),
    (lambda folder: link_away(folder / "logs"), "logs/one.txt: is a link"),
    (lambda folder: link_away(folder / "a.txt"), "a.txt: is a link"),
])
def test_anything_else_is_refused(folder: Path, change: Callable[[Path], object], message: str
                                  ) -> None:
    change(folder)
    before = content(folder)
    with pytest.raises(InputError, match=message) as caught:
        write(folder, SECOND)
    assert "\n" not in str(caught.value)
    assert content(folder) == before and os.listdir(folder.parent) == ["folder"]


def test_files_and_links_in_place_of_folders_of_ours(folder: Path) -> None:
    (folder / "logs" / "one.txt").unlink()
    (folder / "logs").rmdir()
    (folder / "logs").write_text("mine")
    with pytest.raises(InputError, match="logs: is in the way"):
        write(folder, SECOND)
    (folder / "logs").unlink()
    (folder / "logs").symlink_to(folder.parent)
    with pytest.raises(InputError, match="logs: is in the way"):
        write(folder, SECOND)
    assert texts(folder) == {"a.txt": "old a", "b.txt": "old b"}


def test_a_file_and_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for target, message in ((tmp_path / "file", "is a file"), (tmp_path / "file" / "x", "cannot")):
        with pytest.raises(InputError, match=message):
            write(target, FIRST)
    assert content(tmp_path) == {"file": "mine"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_while_the_new_files_are_made(folder: Path, error: BaseException) -> None:
    before = content(folder)
    for target in (folder, folder.parent / "deep" / "new"):
        with pytest.raises((InputError, KeyboardInterrupt)):
            with replace_folder(target, KIND) as new:
                (new / "a.txt").write_text("half")
                raise error
    assert content(folder) == before and os.listdir(folder.parent) == ["folder"]


@pytest.mark.parametrize("done", [False, True], ids=["instead", "behind"])
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()],
                         ids=["error", "interrupt"])
def test_a_failure_at_every_step_of_the_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: bool, error: BaseException
) -> None:
    """Each rename and each new folder in turn fails, or is the last thing that is done."""
    left = 0

    def failing(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left != 0:
                return function(*arguments, **options)
            if done:
                function(*arguments, **options)
            raise error

        return call

    steps = 0
    while left <= 0:
        steps += 1
        folder = tmp_path / str(steps) / "folder"
        write(folder, FIRST)
        (folder / "thesis.txt").write_text("mine")
        before = content(folder)
        with monkeypatch.context() as patch, suppress(InputError, KeyboardInterrupt):
            with replace_folder(folder, KIND) as new:
                fill(new, SECOND)
                left = steps
                patch.setattr(Path, "rename", failing(Path.rename))
                patch.setattr(Path, "mkdir", failing(Path.mkdir))
        if left <= 0:
            assert content(folder) == before, steps
        assert os.listdir(folder.parent) == ["folder"]
    assert texts(folder) == {**SECOND, "thesis.txt": "mine"}
    moves, folders = len(FIRST) + 1 + len(SECOND) + 1, 3
    assert steps == moves + folders + 1


def test_nothing_is_deleted_when_not_even_the_old_files_can_be_put_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def failing(path: Path, goal: Path) -> Path:
        if path.name == "b.txt":
            monkeypatch.setattr(Path, "rename", broken)
        return rename(path, goal)

    def broken(path: Path, goal: Path) -> Path:
        raise OSError(5, "Input/output error")

    with pytest.raises(InputError, match=r"error.; its old files are in .*/\.sterna-old-\w+$"):
        with replace_folder(folder, KIND) as new:
            fill(new, SECOND)
            monkeypatch.setattr(Path, "rename", failing)
    found = {path.name: path.read_text() for path in folder.rglob("*.txt")}
    assert found.items() >= {"b.txt": "old b", "one.txt": "old log"}.items()
    assert "old a" in [path.read_text() for path in folder.rglob("a.txt")]


def test_what_cannot_be_written_is_told_by_its_place_in_the_end(folder: Path) -> None:
    for target in (folder, folder.parent / "new"):
        with pytest.raises(InputError, match=f"^{target}/image: cannot be written$"):
            with replace_folder(target, KIND) as new:
                raise InputError(f"{new}/image: cannot be written")


def links(folder: Path, source: Path) -> list[Path]:
    """Other names of a source."""
    soft, hard = folder.parent / "soft", folder.parent / "hard"
    soft.symlink_to(source)
    if source.is_dir():
        return [source, soft, source / ".." / source.name]
    hard.hardlink_to(source)
    return [source, soft, hard]


@pytest.mark.parametrize("name", [".", "a.txt", "logs/one.txt"])
def test_source_and_target_never_meet(folder: Path, name: str) -> None:
    """By whatever name; a file system that ignores case gives one file two names as well."""
    before = content(folder)
    for source in links(folder, folder / name):
        with pytest.raises(InputError, match="would replace .*, which is read for it"):
            write(folder, SECOND, sources=[source])
    assert content(folder) == before


def test_a_source_folder_with_a_hard_link_to_what_is_replaced(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "b").hardlink_to(folder / "b.txt")
    with pytest.raises(InputError, match="source/b, which is read"):
        write(folder, SECOND, sources=[source])


def test_sources_beside_above_and_below_do_not_matter(folder: Path) -> None:
    (folder / "mine").write_text("mine")
    write(folder, SECOND, sources=[folder.parent, folder / "mine", folder / "nowhere"])
    assert texts(folder) == {**SECOND, "mine": "mine"}

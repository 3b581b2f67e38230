"""Files of a folder exchanged for new ones, wholly or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sterna.errors import InputError
from sterna.files.manifest import MANIFEST
from sterna.unfinished import is_noted, note, own_name, remove


def swap(new: Path, target: Path, old: Iterable[str]) -> None:
    """Put the files `old` of `target` aside, move all files of `new` into it, and delete the old.

    The manifest goes first and comes last: a folder that has one is whole. Whatever ends this early
    is undone. Raises `OSError`, and `InputError` when something else in `target` is in the way, or
    not even the old files can be put back, which are kept then.
    """
    exchange, aside = _Exchange(), own_name(target, ".sterna-old-")
    names = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
    names.sort(key=lambda name: name == MANIFEST)
    old = list(old)
    try:
        for name in old:
            exchange.move(target / name, aside / name)
        for name in names:
            _check_way(target, name)
            exchange.move(new / name, target / name)
        _remove_emptied(target, old)
        note(aside)
    except BaseException:
        if not is_noted(aside):
            _undo(exchange, target, aside)
        raise
    remove(aside)


def _remove_emptied(target: Path, old: Iterable[str]) -> None:
    for name in old:
        for folder in (target / name).parents:
            if folder == target:
                break
            with suppress(OSError):
                folder.rmdir()


def _undo(exchange: _Exchange, target: Path, aside: Path) -> None:
    try:
        exchange.undo()
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror}); its old files are in "
                         f"{aside}") from None


def _check_way(target: Path, name: str) -> None:
    path = target / name
    for folder in path.parents:
        if folder == target:
            break
        if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
            path = folder
    if path != target / name or os.path.lexists(path):
        raise InputError(f"{path}: is in the way, and not Sterna's; move it, or name another "
                         "folder")


class _Exchange:
    """Moves and new folders, which can be undone; each is noted before it is done."""

    def __init__(self) -> None:
        self._moves: list[tuple[Path, Path]] = []
        self._folders: list[Path] = []

    def move(self, path: Path, goal: Path) -> None:
        missing = [folder for folder in goal.parents if not folder.exists()]
        for folder in reversed(missing):
            self._folders.append(folder)
            folder.mkdir()
        self._moves.append((path, goal))
        path.rename(goal)

    def undo(self) -> None:
        for path, goal in reversed(self._moves):
            if os.path.lexists(goal) and not os.path.lexists(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                goal.rename(path)
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()

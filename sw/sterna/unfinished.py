"""What is being written: under a name of its own until it is whole, and gone whatever ends that.

Names are noted before there is anything of the name. So what an interrupt leaves, wherever it came,
can still be removed: `remove_unfinished`. What SIGKILL leaves is removed by the next process that
writes: `sterna.left_behind`.
"""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sterna.left_behind import OwnList

_PREFIX = ".sterna-"
_unfinished: set[Path] = set()
_list = OwnList()


def note(path: Path) -> None:
    """From now on what is there may be removed."""
    _unfinished.add(path)
    _list.write(tuple(_unfinished))


def is_noted(path: Path) -> bool:
    """Whether it may be."""
    return path in _unfinished


def own_name(parent: Path, prefix: str = _PREFIX) -> Path:
    """A name in a folder that nothing else has."""
    return parent / f"{prefix}{secrets.token_hex(4)}"


def renamed(text: str, parent: Path, target: Path) -> str:
    """A text in which `own_name`s in a folder are those of the target."""
    return re.sub(re.escape(f"{parent}{os.sep}{_PREFIX}") + "[0-9a-f]{8}", lambda _: f"{target}",
                  text)


@contextmanager
def unfinished_folder(parent: Path, prefix: str = _PREFIX) -> Iterator[Path]:
    """A new folder in ``parent``; unless it is renamed it is removed at the end.

    Raises `OSError` when it cannot be made.
    """
    path = own_name(parent, prefix)
    note(path)
    try:
        path.mkdir()
        yield path
    finally:
        remove(path)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A name beside ``target`` to write to; at the end the file replaces ``target``.

    Whatever ends the block early leaves ``target`` as it was; of a link that is what it leads to,
    and it stays a link. Raises `OSError`.
    """
    target = Path(os.path.realpath(target))
    partial = own_name(target.parent)
    note(partial)
    try:
        yield partial
        partial.replace(target)
    finally:
        remove(partial)


def write_whole(target: Path, text: str) -> None:
    """Write a file that appears whole, in a folder that is made if need be. Raises `OSError`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as partial:
        partial.write_text(text, encoding="utf-8")


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there, now or when the command is interrupted meanwhile."""
    if path not in _unfinished:
        note(path)
    with suppress(OSError):
        os.unlink(path)
    shutil.rmtree(path, ignore_errors=True)
    _unfinished.discard(path)
    _list.write(tuple(_unfinished))


@atexit.register
def remove_unfinished() -> None:
    """Remove what is still there of what was begun; for a command that ends."""
    for path in list(_unfinished):
        remove(path)
    _list.write(tuple(_unfinished))

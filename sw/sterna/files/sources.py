"""Whether what is written would replace what is read, under whatever name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sterna.errors import InputError


def refuse_meeting(target: Path, replaced: Iterable[Path], sources: Iterable[Path]) -> None:
    """Raise `InputError` naming `target` when one of `replaced` is a source, or a file in one.

    Files are compared by device and number, so that links, hard links and file systems that ignore
    case do not matter. Of a folder that is a source the files in it count, not those further below.
    """
    numbers = {number: path for path in replaced if (number := _number(path)) is not None}
    for source in sources:
        for path in (source, *_files(source)):
            if _number(path) in numbers:
                raise InputError(f"{target}: would replace {path}, which is read for it; name "
                                 "another place")


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []


def _number(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

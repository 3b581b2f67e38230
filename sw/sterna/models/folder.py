"""Folders that appear whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sterna.errors import InputError


@contextmanager
def replace_folder(target: Path, mark: str) -> Iterator[Path]:
    """Give an empty folder to fill; it becomes `target` when the block ends without error.

    An existing `target` is replaced only if it is empty or holds a file `mark`, by which its
    kind is known. Raises `InputError` when it is something else, and when writing fails.
    """
    if target.exists() and not target.is_dir():
        raise InputError(f"{target}: is a file; name a folder")
    if target.is_dir() and any(target.iterdir()) and not (target / mark).is_file():
        raise InputError(f"{target}: holds other files; name a new or an empty folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    try:
        partial = workplace / "new"
        partial.mkdir()
        yield partial
        if target.exists():
            target.rename(workplace / "old")
        partial.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)

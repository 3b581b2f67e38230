"""Files and folders as bytes that travel, and the places where they arrive."""

from __future__ import annotations

import io
import os
import secrets
import tarfile
from collections.abc import Callable
from pathlib import Path

from sterna.cache import cached_folder, digest
from sterna.cache_folder import cache_folder
from sterna.errors import InputError
from sterna.files.manifest import file_digest
from sterna.unfinished import write_whole


def packed(path: Path) -> bytes:
    """A file, or a folder with all that is in it; links as what they lead to; the same content
    gives the same bytes. Raises `InputError` for what cannot be read."""
    data = io.BytesIO()
    root = Path(os.path.realpath(path))
    try:
        with tarfile.open(fileobj=data, mode="w", dereference=True) as file:
            for item in _items(root):
                name = path.name / item.relative_to(root)
                about = file.gettarinfo(item, name.as_posix())
                about.mtime, about.mode, about.uid, about.gid = 0, 0o755, 0, 0
                about.uname = about.gname = ""
                if about.isreg():
                    with item.open("rb") as content:
                        file.addfile(about, content)
                else:
                    file.addfile(about)
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read ({error.strerror})") from None
    return data.getvalue()


def content_digest(path: Path) -> str:
    """Of a file, or of all that is in a folder. Raises `InputError` for what cannot be read."""
    root = Path(os.path.realpath(path))
    parts = []
    try:
        for item in _items(root):
            parts += [str(item.relative_to(root)), "" if item.is_dir() else file_digest(item)]
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read ({error.strerror})") from None
    return digest([path.name, *parts])


def _items(root: Path) -> list[Path]:
    return [root, *sorted(root.rglob("*"))] if root.is_dir() else [root]


def arrived(name: str, content: str, data: Callable[[], bytes]) -> Path:
    """Where what was called ``name`` lies here; its bytes are asked for the first time only."""
    def make(folder: Path) -> None:
        unpack(data(), folder)

    return cached_folder("sent", content, make) / name


def unpack(data: bytes, folder: Path) -> None:
    """Into a folder that is there."""
    with tarfile.open(fileobj=io.BytesIO(data)) as file:
        file.extractall(folder, filter="data")


def cache_name() -> str:
    """Of this cache, so that what is there need not travel."""
    file = cache_folder() / "name"
    if not file.is_file():
        write_whole(file, secrets.token_hex(12))
    return file.read_text(encoding="utf-8")

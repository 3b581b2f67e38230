"""Files that a user names, read whole within bounds; every fault is one line with the name."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from sterna.errors import InputError

MOST_JSON = 1 << 24
"""Bytes of the largest JSON file: the index of a checkpoint of a hundred thousand tensors."""
_POINTER = b"version https://git-lfs.github.com/spec/"


def require_file(path: Path | str) -> int:
    """The size of a file in bytes.

    Raises `InputError` for a name that nothing has or can have, a folder, a pipe or a device, which
    might never end, and for what this user may not read.
    """
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: file not found") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{str(path)!r}: is no name of a file ({error})") from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path}: is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: is a pipe or a device, not a file; write what it gives into a "
                         "file, and name that")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: cannot be read ({os.strerror(errno.EACCES)})")
    return status.st_size


def require_possible(target: Path | str) -> None:
    """Raise `InputError` for a name that nothing can be written under: too long, below a file."""
    try:
        os.lstat(os.path.realpath(target))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{str(target)!r}: cannot be written ({error})") from None


def read_bytes(path: Path | str, most: int) -> bytes:
    """A whole file of at most so many bytes. Raises `InputError` naming it."""
    size = require_file(path)
    if size > most:
        raise InputError(f"{path}: has {size / 1e6:.0f} MB; a file of its kind has at most "
                         f"{most / 1e6:.0f} MB")
    try:
        with open(path, "rb") as file:
            # A file of /proc has no size, and one that is written meanwhile grows.
            data = file.read(most + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > most:
        raise InputError(f"{path}: has more than {most / 1e6:.0f} MB")
    return data


def read_json(path: Path | str, most: int = MOST_JSON) -> dict[str, Any]:
    """The JSON object in a UTF-8 file. Raises `InputError` naming the file."""
    data = read_bytes(path, most)
    refuse_pointer(path, data)
    value = parse_json(data, str(path))
    if not isinstance(value, dict):
        raise InputError(f"{path}: must hold a JSON object")
    return value


def parse_json(data: bytes | str, name: str) -> Any:
    """What JSON text holds. Raises `InputError` with the name for what is none, or too deep."""
    try:
        return json.loads(data.decode("utf-8") if isinstance(data, bytes) else data)
    except RecursionError:
        raise InputError(f"{name}: is nested too deep for JSON that means something") from None
    except ValueError as error:
        reason = str(error).partition(";")[0]
        raise InputError(f"{name}: is not valid JSON ({reason})") from None


def is_pointer(data: bytes) -> bool:
    """Whether bytes of a file are those that Git LFS leaves in the place of a large one."""
    return data.startswith(_POINTER)


def refuse_pointer(path: Path | str, data: bytes) -> None:
    """Raise `InputError` for what Git LFS leaves in the place of a file that was not fetched."""
    if is_pointer(data):
        folder = os.path.dirname(path) or "."
        raise InputError(
            f"{path}: is a Git LFS pointer, not the file itself; fetch it: git -C {folder} lfs "
            "pull")

"""Arrays in files of numpy, read some rows at a time; an archive is never unpacked whole."""

from __future__ import annotations

import lzma
import tokenize
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError

NAME = "frames"
MOST_TURNED = 1 << 28
"""Bytes of the largest array whose columns are stored one after the other: it is read whole."""
_BROKEN = (OSError, ValueError, EOFError, BadZipFile, zlib.error, lzma.LZMAError, RuntimeError,
           SyntaxError, TypeError, KeyError, OverflowError, tokenize.TokenError)
"""What numpy and zipfile raise for a file that is not whole."""


@dataclass(frozen=True)
class ArrayFile:
    """The header of an array in a file, and how the file is opened at its first value."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    turned: bool
    """Whether columns are stored one after the other, not rows."""
    _open: Callable[[], AbstractContextManager[IO[bytes]]]

    def blocks(self, rows: int) -> Iterator[NDArray[Any]]:
        """At most so many rows at a time. Raises `InputError` when the file ends too early."""
        with _whole(self.path), self._open() as file:
            _header(file)
            if self.turned:
                yield from self._turned(file, rows)
            else:
                for first in range(0, self.shape[0], rows):
                    shape = (min(rows, self.shape[0] - first), *self.shape[1:])
                    yield self._values(file, prod(shape)).reshape(shape)
            # The end of a member of an archive: only now its checksum is compared.
            if file.read(1):
                raise ValueError("it goes on after its array")

    def _values(self, file: IO[bytes], count: int) -> NDArray[Any]:
        data = file.read(count * self.dtype.itemsize)
        if len(data) < count * self.dtype.itemsize:
            raise EOFError("it ends within its array")
        return np.frombuffer(data, self.dtype)

    def _turned(self, file: IO[bytes], rows: int) -> Iterator[NDArray[Any]]:
        if prod(self.shape) * self.dtype.itemsize > MOST_TURNED:
            raise InputError(f"{self.path}: is too large for an array whose columns are stored one "
                             "after the other; save np.ascontiguousarray of it")
        whole = self._values(file, prod(self.shape)).reshape(self.shape, order="F")
        for first in range(0, len(whole), rows):
            yield whole[first:first + rows]


def open_array(path: Path, name: str = NAME) -> ArrayFile:
    """The array of an ``.npy``, and of an ``.npz`` the one of a name, or the only one.

    Raises `InputError` for a damaged file and for one without such an array.
    """
    member = None if path.suffix == ".npy" else _member(path, name)

    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        if member is None:
            with path.open("rb") as file:
                yield file
        else:
            with ZipFile(path) as archive, archive.open(member) as file:
                yield file

    with _whole(path), opened() as file:
        shape, turned, dtype = _header(file)
    return ArrayFile(path, shape, dtype, turned and len(shape) > 1, opened)


def array_names(path: Path) -> tuple[str, ...]:
    """Names of the arrays of an ``.npz``. Raises `InputError` for a damaged file."""
    return tuple(_members(path))


def _members(path: Path) -> dict[str, str]:
    with _whole(path), ZipFile(path) as archive:
        return {name.removesuffix(".npy"): name for name in archive.namelist()
                if name.endswith(".npy")}


def _member(path: Path, name: str) -> str:
    names = _members(path)
    if name not in names and len(names) != 1:
        raise InputError(f"{path}: holds {', '.join(names)}; name one of them {name}"
                         if names else f"{path}: holds no array of numpy")
    return names.get(name) or next(iter(names.values()))


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)
    raise ValueError(f"an array of version {version[0]}.{version[1]}")


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        told = str(error).split("\n", 1)[0] or type(error).__name__
        raise InputError(f"{path}: is damaged or holds no arrays ({told})") from None

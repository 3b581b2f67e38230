"""Tensors of a `.pth` file of PyTorch, checked before they are read, and mapped one at a time.

The file is a zip archive without compression: ``NAME/data.pkl`` says which tensors there are
(`sterna.formats.pickled`), ``NAME/data/K`` are their elements.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.formats.pickled import ELEMENTS, StoredTensor, read_pickle
from sterna.reading import refuse_pointer, require_file

MOST_PICKLE = 1 << 22
"""Bytes of the largest pickle, of twenty thousand tensors."""
_BEGINNING = 64
_ZIP, _OLD = b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9"
_HEADER = struct.Struct("<4s22xHH")
_WORDS = {"float32": "<f4", "float16": "<f2", "bfloat16": "<u2"}


class PthFile:
    """The tensors of a file by their names.

    Training scripts save the tensors of a model as one entry of several: ``within`` is what it may
    be called, and nothing of the others is looked at. Tensors whose names end with one of
    ``unread`` are left out.

    Attributes:
        path: the file.
        shapes: of its tensors.
        others: names of what is no tensor.

    Raises `InputError` for a file that is damaged, is packed otherwise, or holds what does not
    belong into it.
    """

    def __init__(self, path: Path, within: Sequence[str] = (), unread: Sequence[str] = ()) -> None:
        self.path = path
        self._size = require_file(path)
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
        refuse_pointer(path, beginning)
        if not beginning.startswith(_ZIP):
            raise InputError(f"{path}: " + (
                "is of a PyTorch before 1.6; save it again with a newer one"
                if beginning.startswith(_OLD) else "is no file of tensors of PyTorch"))
        self._places = self._archive()
        values = self._values(within)
        values = {name: value for name, value in values.items() if not name.endswith((*unread,))}
        self._tensors = {name: value for name, value in values.items()
                         if isinstance(value, StoredTensor)}
        self.others = sorted(values.keys() - self._tensors.keys())
        for name, tensor in self._tensors.items():
            self._check(name, tensor)
        self.shapes = {name: tensor.shape for name, tensor in self._tensors.items()}

    def _archive(self) -> dict[str, tuple[int, int]]:
        """First byte and size of every file, by its name behind that of the archive."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise InputError(f"{self.path}: is damaged or cut off ({error}); fetch it again"
                             ) from None
        found: dict[str, tuple[int, int]] = {}
        with self.path.open("rb") as file:
            for entry in entries:
                name = entry.filename
                parts = name.split("/")
                if len(parts) < 2 or "\\" in name or any(part in ("", ".", "..") for part in parts):
                    raise InputError(f"{self.path}: holds {name!r}, which leaves its folder")
                if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                    raise InputError(f"{self.path}: holds {name!r} compressed or encrypted; "
                                     "tensors lie in it as they are")
                found["/".join(parts[1:])] = self._place(file, entry)
        return found

    def _place(self, file: Any, entry: zipfile.ZipInfo) -> tuple[int, int]:
        header = b""
        if 0 <= entry.header_offset < self._size:
            file.seek(entry.header_offset)
            header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or not header.startswith(_ZIP):
            raise InputError(f"{self.path}: is damaged at {entry.filename!r}; fetch it again")
        _, name, extra = _HEADER.unpack(header)
        first = entry.header_offset + _HEADER.size + name + extra
        if first + entry.file_size > self._size or entry.compress_size != entry.file_size:
            raise InputError(f"{self.path}: {entry.filename!r} is said to have {entry.file_size} "
                             f"bytes, more than the file; fetch it again")
        return first, entry.file_size

    def _values(self, within: Sequence[str]) -> dict[str, Any]:
        first, size = self._places.get("data.pkl", (0, 0))
        if not 0 < size <= MOST_PICKLE:
            raise InputError(f"{self.path}: has no data.pkl of 1 to {MOST_PICKLE} bytes")
        with self.path.open("rb") as file:
            if "byteorder" in self._places:
                file.seek(self._places["byteorder"][0])
                if file.read(min(_BEGINNING, self._places["byteorder"][1])) != b"little":
                    raise InputError(f"{self.path}: was written on a machine of the other byte "
                                     "order; save it again")
            file.seek(first)
            values = read_pickle(file.read(size), str(self.path))
        if isinstance(values, dict):
            values = next((found for name in within
                           if isinstance(found := values.get(name), dict)), values)
        if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
            raise InputError(f"{self.path}: holds no tensors by their names, but something else")
        return values

    def _check(self, name: str, tensor: StoredTensor) -> None:
        storage, count = tensor.storage, prod(tensor.shape)
        if storage.elements not in _WORDS:
            raise InputError(f"{self.path}: holds tensors of {storage.elements}; weights are "
                             f"{', '.join(ELEMENTS.values())}: save them with .float(), and leave "
                             f"out those that are no weights ({name})")
        place = self._places.get(f"data/{storage.name}")
        if place is None:
            raise InputError(f"{self.path}: tensor {name} lies in {storage.name!r}, which is not "
                             "there")
        if storage.count * np.dtype(_WORDS[storage.elements]).itemsize != place[1]:
            raise InputError(f"{self.path}: tensor {name} is said to be part of {storage.count} "
                             f"elements, and {place[1]} bytes are there; fetch it again")
        if tensor.offset + count > storage.count:
            raise InputError(f"{self.path}: tensor {name} is said to have {count} elements from "
                             f"{tensor.offset} on, and {storage.count} are there")
        wanted = [prod(tensor.shape[axis + 1:]) for axis in range(len(tensor.shape))]
        if any(size > 1 and stride != row for size, stride, row in zip(
                tensor.shape, tensor.strides, wanted, strict=True)):
            raise InputError(f"{self.path}: tensor {name} does not lie row by row; save a copy "
                             "(.contiguous())")

    def tensor(self, key: str) -> NDArray[np.floating]:
        """A tensor; bfloat16 comes as float32. Raises `InputError` when the file went away."""
        tensor = self._tensors[key]
        words = np.dtype(_WORDS[tensor.storage.elements])
        first = self._places[f"data/{tensor.storage.name}"][0] + tensor.offset * words.itemsize
        if not prod(tensor.shape):
            return np.zeros(tensor.shape, np.float32)
        try:
            # Mapped anew for every tensor, so that what was read does not stay resident.
            values = np.memmap(self.path, words, "r", first, tensor.shape)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path}: tensor {key} cannot be read ({error})") from None
        if tensor.storage.elements == "bfloat16":
            return (values.astype(np.uint32) << 16).view(np.float32)
        return np.array(values)

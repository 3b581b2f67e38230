"""Safetensors files: written tensor by tensor, read lazily, every fault one clear line."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from sterna.errors import InputError
from sterna.reading import refuse_pointer, require_file

_TYPE_NAMES = {"uint8": "U8", "float16": "F16", "bfloat16": "BF16", "float32": "F32"}
_BEGINNING = 64
_ITEM_BYTES = {"uint8": 1, "float16": 2, "bfloat16": 2, "float32": 4}


class TensorFileWriter:
    """Writes a safetensors file of declared tensors, in their order, one at a time."""

    def __init__(
        self,
        path: Path,
        layout: Mapping[str, tuple[str, tuple[int, ...]]],
        metadata: Mapping[str, str],
    ) -> None:
        """`layout` gives the numpy type name and the shape of every tensor.

        A tensor of type bfloat16 is written from float32 values that it holds.
        """
        self._pending = list(layout)
        self._layout = layout
        header: dict[str, Any] = {"__metadata__": dict(metadata)}
        offset = 0
        for key, (type_name, shape) in layout.items():
            end = offset + int(np.prod(shape)) * _ITEM_BYTES[type_name]
            header[key] = {
                "dtype": _TYPE_NAMES[type_name],
                "shape": list(shape),
                "data_offsets": [offset, end],
            }
            offset = end
        encoded = json.dumps(header, separators=(",", ":")).encode()
        encoded += b" " * (-len(encoded) % 8)
        self._file: BinaryIO = path.open("wb")
        self._file.write(struct.pack("<Q", len(encoded)) + encoded)

    def write(self, key: str, tensor: NDArray[Any]) -> None:
        """Append the next tensor; it must be the next of the layout."""
        type_name, shape = self._layout[key]
        given = "float32" if type_name == "bfloat16" else type_name
        if key != self._pending.pop(0) or tensor.shape != shape or tensor.dtype.name != given:
            raise ValueError(f"{key}: not the tensor that the layout announces")
        if type_name == "bfloat16":
            tensor = (tensor.view(np.uint32) >> 16).astype(np.uint16)
        self._file.write(np.ascontiguousarray(tensor).data)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        if self._pending:
            raise ValueError(f"{self._pending[0]}: announced and not written")

    def __enter__(self) -> TensorFileWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def is_bfloat16(values: NDArray[Any]) -> bool:
    """Whether every value of a float32 array is a bfloat16."""
    return values.dtype == np.float32 and not (values.view(np.uint32) & 0xFFFF).any()


class TensorFile:
    """A safetensors file for reading; tensors are read when asked for.

    The file is mapped anew for every tensor, so that pages already read do not stay resident.
    """

    def __init__(self, path: Path, framework: str = "np") -> None:
        """Raises `InputError` when the file is missing, truncated or no safetensors file."""
        self.path = path
        self._framework = framework
        require_file(path)
        with path.open("rb") as file:
            refuse_pointer(path, file.read(_BEGINNING))
        with self._open() as file:
            keys: list[str] = file.keys()
            slices = {key: file.get_slice(key) for key in keys}
            self._shapes = {key: tuple(view.get_shape()) for key, view in slices.items()}
            self._types = {key: view.get_dtype() for key, view in slices.items()}
            self.metadata: dict[str, str] = file.metadata() or {}
        self.keys = frozenset(self._shapes)

    def _open(self) -> Any:
        try:
            return safe_open(str(self.path), framework=self._framework)
        except (SafetensorError, OSError, MemoryError) as error:  # more than may be mapped
            raise InputError(
                f"{self.path}: is damaged or not a safetensors file ({error}); fetch or write "
                "it again"
            ) from None

    def require(self, key: str, shape: tuple[int, ...], types: tuple[str, ...]) -> None:
        """Check presence, shape and safetensors type without reading the data."""
        if key not in self.keys:
            raise InputError(f"{self.path}: tensor {key} is missing")
        if self._shapes[key] != shape:
            raise InputError(
                f"{self.path}: tensor {key} has shape {self._shapes[key]}, the configuration "
                f"needs {shape}"
            )
        if self._types[key] not in types:
            raise InputError(
                f"{self.path}: tensor {key} has type {self._types[key]}; readable is "
                f"{' or '.join(types)}"
            )

    def shapes(self, types: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
        """Shapes by key, all of these safetensors types; raises `InputError` for others."""
        for key, shape in self._shapes.items():
            self.require(key, shape, types)
        return self._shapes

    def tensor(self, key: str) -> Any:
        """The tensor `key`, of the framework's type; NumPy gets bfloat16 as float32."""
        try:
            if self._framework == "np" and self._types[key] == "BF16":
                # findings/safetensors_numpy_bfloat16.sh
                return self._bfloat16(key)
            with self._open() as file:
                return file.get_tensor(key)
        except SafetensorError as error:
            raise InputError(f"{self.path}: tensor {key} cannot be read ({error})") from None

    def _bfloat16(self, key: str) -> NDArray[np.float32]:
        with self.path.open("rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            first, end = json.loads(file.read(size))[key]["data_offsets"]
            file.seek(8 + size + first)
            data = np.frombuffer(file.read(end - first), "<u2")
        return (data.astype(np.uint32) << 16).view(np.float32).reshape(self._shapes[key])

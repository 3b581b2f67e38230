"""One file of named byte parts with a manifest, checked against damage.

Layout, little endian: magic (8 bytes), format version (u32), then the parts one after the other,
then the manifest (JSON, UTF-8), then its length (u64), the length of the whole file (u64) and the
SHA-256 of everything before the digest. The manifest lists each part's offset and length.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.reading import parse_json, require_file
from sterna.unfinished import whole_file

MAGIC = b"STERNA\r\n"
FORMAT_VERSION = 1
REMEDY = "sterna build, or sterna rtl"
"""Commands that write memory images."""
_HEADER = struct.Struct("<8sI")
_FOOTER = struct.Struct("<QQ32s")
_READ = 1 << 22


def write_container(
    path: Path, parts: Mapping[str, Iterable[NDArray[np.uint8]]], manifest: dict[str, Any]
) -> None:
    """Write the parts piece by piece; the file appears under its name only when it is whole.

    Raises `InputError` when the file cannot be written.
    """
    try:
        with whole_file(path) as partial, partial.open("wb") as file:
            digest = hashlib.sha256()

            def put(data: bytes | memoryview) -> None:
                file.write(data)
                digest.update(data)

            put(_HEADER.pack(MAGIC, FORMAT_VERSION))
            table = {}
            for name, pieces in parts.items():
                start = file.tell()
                for piece in pieces:
                    put(np.ascontiguousarray(piece).data.cast("B"))
                table[name] = {"offset": start, "length": file.tell() - start}
            text = json.dumps({**manifest, "parts": table}, sort_keys=True).encode()
            put(text)
            length = file.tell() + _FOOTER.size
            put(struct.pack("<QQ", len(text), length))
            file.write(digest.digest())
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def _digest(path: Path, length: int) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while length > 0:
            data = file.read(min(_READ, length))
            if not data:
                break
            digest.update(data)
            length -= len(data)
    return digest.digest()


def remedy(what: str) -> str:
    """What a user does about a file that this version does not read."""
    return f"make the {what} again: {'sterna run --save' if what == 'snapshot' else REMEDY}"


def read_container(path: Path, what: str = "image"
                   ) -> tuple[dict[str, NDArray[np.uint8]], dict[str, Any]]:
    """Parts (memory-mapped bytes) and manifest; raises `InputError` if anything is damaged.

    ``what`` is what it should hold, in words.
    """
    broken = InputError(f"{path}: truncated or damaged; {remedy(what)}")
    length = require_file(path)
    try:
        if length < _HEADER.size + _FOOTER.size:
            raise broken
        with path.open("rb") as file:
            magic, version = _HEADER.unpack(file.read(_HEADER.size))
            if magic != MAGIC:
                raise InputError(f"{path}: not a Sterna {what}")
            if version != FORMAT_VERSION:
                raise InputError(
                    f"{path}: {what} format {version}, this version reads {FORMAT_VERSION}; "
                    f"{remedy(what)}"
                )
            file.seek(length - _FOOTER.size)
            text_length, recorded, digest = _FOOTER.unpack(file.read(_FOOTER.size))
            start = length - _FOOTER.size - text_length
            if recorded != length or start < _HEADER.size:
                raise broken
            if _digest(path, length - len(digest)) != digest:
                raise broken
            file.seek(start)
            manifest = parse_json(file.read(text_length), f"{path}, its manifest")
        data = np.memmap(path, np.uint8, mode="r")
        return {name: _part(data, start, entry)
                for name, entry in manifest.pop("parts").items()}, manifest
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError):
        # The digest is right: somebody else wrote it.
        raise InputError(f"{path}: its manifest is not one of a Sterna {what}; "
                         f"{remedy(what)}") from None


def check_fields(values: object, kinds: Mapping[str, type]) -> None:
    """Raise ValueError unless the values have these fields, of just these types, and no number is
    negative."""
    if not isinstance(values, Mapping):
        raise ValueError("there are no fields")
    for name, kind in kinds.items():
        value = values.get(name)
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            raise ValueError(f"{name} is {value!r}")


def _part(data: NDArray[np.uint8], end: int, entry: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The bytes of a part, all in front of the manifest; raises ValueError for other places."""
    offset, length = entry["offset"], entry["length"]
    if not (type(offset) is type(length) is int and 0 <= offset <= offset + length <= end):
        raise ValueError("a part lies elsewhere")
    return data[offset:offset + length]

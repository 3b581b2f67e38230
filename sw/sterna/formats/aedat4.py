"""AEDAT 4, in which iniVation's cameras record: streams of packets, of which those of events count.

A file is a line, a FlatBuffer that says how packets are compressed and, in XML, what its streams
are, and packets: stream, size, and an ``EVTS`` FlatBuffer of events. The package ``aedat`` (2.3.0)
aborts the interpreter on a damaged file, so packets are read here; ``lz4`` and ``zstandard`` unpack
them.

Source: iniVation's description of AEDAT 4.0, and files that dv-processing 2.0.4 writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import IO, Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.formats.flatbuffer import BROKEN, Table
from sterna.reading import require_file

EVENT = np.dtype({"names": ["t", "x", "y", "on"], "formats": ["<i8", "<i2", "<i2", "?"],
                  "offsets": [0, 8, 10, 12], "itemsize": 16})
"""Microseconds, column, row, and whether it became brighter."""
MOST_HEADER, MOST_PACKET = 1 << 20, 1 << 27
"""Bytes, unpacked."""
_LINE = b"#!AER-DAT4.0\r\n"
_SIZE, _PACKET = Struct("<i"), Struct("<ii")


@dataclass(frozen=True)
class Aedat4:
    """The only stream of events of a file."""

    path: Path
    width: int
    height: int
    _stream: int
    _begins: int
    _ends: int
    _unpack: Callable[[bytes], bytes]

    def packets(self) -> Iterator[NDArray[Any]]:
        """Arrays of `EVENT`, one packet in memory at a time.

        Raises `InputError` for a packet that is damaged or cut.
        """
        with self.path.open("rb") as file:
            file.seek(self._begins)
            number = 0
            while file.tell() < self._ends:
                number += 1
                try:
                    stream, size = _PACKET.unpack(file.read(_PACKET.size))
                    data = _exactly(file, size, MOST_PACKET)
                    if stream == self._stream:
                        whole = memoryview(self._unpack(data))[_SIZE.size:]
                        yield Table.root(whole, b"EVTS").array(0, EVENT)
                except (*BROKEN, EOFError, RuntimeError) as error:
                    raise InputError(f"{self.path}: packet {number} is damaged or cut "
                                     f"({_first(error)})") from None


def open_aedat4(path: Path) -> Aedat4:
    """Raises `InputError` for what is no such file, or has not one stream of events."""
    size = require_file(path)
    with path.open("rb") as file:
        if file.read(len(_LINE)) != _LINE:
            raise InputError(f"{path}: is no AEDAT 4; older versions can be converted in DV")
        try:
            header = Table.root(_exactly(file, _SIZE.unpack(file.read(4))[0], MOST_HEADER))
            packing, ends = header.number(0, "<i", 0), header.number(1, "<q", -1)
            streams = _streams(header.text(2))
        except (*BROKEN, EOFError, ElementTree.ParseError) as error:
            raise InputError(f"{path}: its header is damaged ({_first(error)})") from None
        begins = file.tell()
    if len(streams) != 1:
        raise InputError(f"{path}: has {len(streams)} streams of events; save one of them")
    (stream, (width, height)), = streams.items()
    unpack = _unpacking(path, packing)
    return Aedat4(path, width, height, stream, begins, ends if ends > 0 else size, unpack)


def _streams(text: str) -> dict[int, tuple[int, int]]:
    """Of each stream of events the width and height."""
    found = {}
    for node in ElementTree.fromstring(text).iter("node"):
        named = {item.get("key"): item.text for item in node.iter("attr")}
        name = str(node.get("name"))
        if name.isascii() and name.isdecimal() and named.get("typeIdentifier") == "EVTS":
            width, height = (int(named.get(key) or 0) for key in ("sizeX", "sizeY"))
            if min(width, height) < 1:
                raise ValueError(f"stream {name} has no sizeX and sizeY")
            found[int(name)] = width, height
    return found


def _unpacking(path: Path, kind: int) -> Callable[[bytes], bytes]:
    """By the number of its compression what unpacks a packet. Raises `InputError`."""
    if kind in (1, 2):
        from lz4 import frame

        def unpack(data: bytes) -> bytes:
            reader = frame.LZ4FrameDecompressor()
            return _whole(reader.decompress(data, MOST_PACKET), bool(reader.eof))

        return unpack
    if kind in (3, 4):
        import zstandard

        def unpack_zstd(data: bytes) -> bytes:
            try:
                with zstandard.ZstdDecompressor().stream_reader(data) as reader:
                    return _whole(reader.read(MOST_PACKET), not reader.read(1))
            except zstandard.ZstdError as error:
                raise ValueError(error) from None

        return unpack_zstd
    if kind:
        raise InputError(f"{path}: compression {kind} is none of AEDAT 4.0")
    return lambda data: data


def _whole(data: bytes, end: bool) -> bytes:
    if not end:
        raise ValueError("it does not end where it should")
    return data


def _exactly(file: IO[bytes], size: int, most: int) -> bytes:
    if not 0 <= size <= most:
        raise ValueError(f"{size} bytes")
    data = file.read(size)
    if len(data) < size:
        raise EOFError("the file ends within it")
    return data


def _first(error: Exception) -> str:
    return str(error).split("\n", 1)[0] or type(error).__name__

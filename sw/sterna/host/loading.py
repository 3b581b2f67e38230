"""Memory images as LOAD requests."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from sterna.host.link import Request
from sterna.machine.image import ImagePart
from sterna.machine.machine import Machine
from sterna.machine.protocol import MAX_PAYLOAD, FrameType, space_number
from sterna.progress import Progress

_LOAD = struct.Struct("<BI")


def load_request(space: int, first: int, words: bytes) -> Request:
    """Writes words, padded as LOAD wants them, from word `first` on; see `space_number`."""
    return Request(FrameType.LOAD, _LOAD.pack(space, first) + words, FrameType.ACK)


def words_in_frame(size: int) -> int:
    """Most words of so many bytes that one LOAD takes."""
    return max(1, (MAX_PAYLOAD - _LOAD.size) // size)


def load_requests(
    machine: Machine, parts: Mapping[str, ImagePart], progress: Progress | None
) -> Iterator[Request]:
    """All words of the parts, in as few frames as `MAX_PAYLOAD` allows."""
    total = sum(part.words * part.size for part in parts.values())
    done = 0
    for space, part in parts.items():
        number = space_number(machine, space)
        most = words_in_frame(part.size)
        first = 0
        for piece in part.pieces():
            for start in range(0, len(piece), most):
                words = piece[start : start + most]
                yield load_request(number, first, words.tobytes())
                first += len(words)
                done += words.size
                if progress is not None:
                    progress("loading the board", done, total)

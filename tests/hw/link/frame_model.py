"""A plain-Python model of the frame format, written from the protocol's table."""

from __future__ import annotations

import binascii
from dataclasses import dataclass

START = 0xA5


@dataclass(frozen=True)
class Frame:
    """A frame whose check is right."""

    type: int
    sequence: int
    payload: bytes


def frame_bytes(kind: int, sequence: int, payload: bytes = b"") -> bytes:
    """The bytes of a good frame."""
    body = bytes([kind, sequence]) + len(payload).to_bytes(2, "little") + payload
    return bytes([START]) + body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "little")


def parse(data: bytes) -> list[Frame]:
    """The frames in a byte stream that holds nothing else; AssertionError if it does."""
    frames = []
    while data:
        assert data[0] == START, f"no frame starts with {data[0]:#x}"
        length = int.from_bytes(data[3:5], "little")
        body, check = data[1:5 + length], data[5 + length:7 + length]
        assert len(check) == 2, "the last frame is cut"
        assert binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "little") == check, "wrong check"
        frames.append(Frame(body[0], body[1], body[4:]))
        data = data[7 + length:]
    return frames

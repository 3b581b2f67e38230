"""Frames of the link protocol as bytes (see `sterna.machine.protocol`)."""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

from sterna.machine.protocol import CRC_START, START

_HEADER = struct.Struct("<BBBH")
_CRC = struct.Struct("<H")
OVERHEAD = _HEADER.size + _CRC.size
"""Bytes of a frame besides its payload."""
LONGEST_PAYLOAD = 0xFFFF


@dataclass(frozen=True)
class Frame:
    """A frame: its type (0 to 255), its sequence number (0 to 255) and its payload."""

    type: int
    sequence: int
    payload: bytes = b""


def crc(data: bytes) -> int:
    """CRC-16/IBM-3740 of the bytes (polynomial 0x1021, start 0xFFFF, not reflected)."""
    return binascii.crc_hqx(data, CRC_START)


def encode_frame(frame: Frame) -> bytes:
    """The bytes of a frame. Raises ValueError when the payload exceeds 65535 bytes."""
    if len(frame.payload) > LONGEST_PAYLOAD:
        raise ValueError(f"a payload of {len(frame.payload)} bytes does not fit a frame")
    header = _HEADER.pack(START, frame.type, frame.sequence, len(frame.payload))
    body = header + frame.payload
    return body + _CRC.pack(crc(body[1:]))


class FrameDecoder:
    """Finds frames in a byte stream that may be cut, noisy or damaged.

    A start byte whose frame turns out wrong (CRC, or a payload above `longest`) is skipped and the
    search goes on behind it, so a good frame inside damaged bytes is still found.
    """

    def __init__(self, longest: int = LONGEST_PAYLOAD) -> None:
        self.longest = longest
        self._buffer = bytearray()
        self.damaged = 0
        """Start bytes that did not open a good frame so far."""

    def feed(self, data: bytes) -> list[Frame]:
        """Add received bytes; returns the frames that are now complete."""
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def missing(self) -> int:
        """Least number of bytes that must arrive before another frame can be complete."""
        if len(self._buffer) < _HEADER.size:
            return OVERHEAD - len(self._buffer)
        return OVERHEAD + self._length() - len(self._buffer)

    def give_up(self) -> list[Frame]:
        """After a time-out: skip the frame that never became whole, look behind its start byte."""
        if self._buffer:
            self.damaged += 1
            del self._buffer[0]
        return self.feed(b"")

    def clear(self) -> None:
        """Forget everything received so far."""
        self._buffer.clear()

    def _length(self) -> int:
        return _HEADER.unpack_from(self._buffer)[3]

    def _next(self) -> Frame | None:
        buffer = self._buffer
        while True:
            start = buffer.find(START)
            del buffer[: start if start >= 0 else len(buffer)]
            if len(buffer) < _HEADER.size:
                return None
            length = self._length()
            if length <= self.longest:
                if len(buffer) < OVERHEAD + length:
                    return None
                body = bytes(buffer[1 : _HEADER.size + length])
                (given,) = _CRC.unpack_from(buffer, _HEADER.size + length)
                if crc(body) == given:
                    del buffer[: OVERHEAD + length]
                    return Frame(body[0], body[1], body[_HEADER.size - 1 :])
            self.damaged += 1
            del buffer[0]

"""The host's session with a board: shows that the board has kept its state."""

from __future__ import annotations

import secrets
import struct

from sterna.host.link import AnswerLost, Request
from sterna.machine.protocol import FrameType

_SESSION = struct.Struct("<II")
_COUNT_LIMIT = 1 << 32


class StateLost(AnswerLost):
    """The board started again, or carries out another program's requests."""

    reason = "the board started again or lost its state"


class Session:
    """A nonce that the board was given, and how many results it has sent since.

    The board forgets the nonce when it starts or is reset. `name` is that of the board in errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nonce, self._results = 0, 0

    def begin(self) -> Request:
        """The request that begins a new session."""
        self._nonce, self._results = 1 + secrets.randbelow(_COUNT_LIMIT - 1), 0
        return Request(FrameType.BEGIN, self._nonce.to_bytes(4, "little"), FrameType.ACK)

    def check(self, result: bytes) -> bytes:
        """The payload of a RESULT without the session. Raises `StateLost` for another session."""
        self._results = (self._results + 1) % _COUNT_LIMIT
        return self.without(result)

    def without(self, result: bytes) -> bytes:
        """The same for an answer that the session does not count."""
        if _SESSION.unpack_from(result, len(result) - _SESSION.size) != (
                self._nonce, self._results):
            raise StateLost(
                f"{self._name}: the board loses its state again and again; see its supply and its "
                "cable, and that no other program uses it")
        return result[: -_SESSION.size]

"""The host's session with a board: shows that the board has kept its state."""

from __future__ import annotations

import secrets
import struct

from sterna.errors import LinkError
from sterna.host.link import AnswerLost, Request
from sterna.machine.protocol import FrameType

_SESSION = struct.Struct("<II")
_COUNT_LIMIT = 1 << 32


class StateLost(AnswerLost):
    """The board started again, or carries out another program's requests."""

    reason = "the board started again or lost its state"


class BoardTaken(LinkError):
    """Another host uses the board, which serves one at a time."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: another program uses the board, which serves one at a time; let "
                         "that one end, and run this again")


class Session:
    """A nonce that the board was given, and how many results it has sent since.

    The board forgets the nonce when it starts or is reset. `name` is that of the board in errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nonce, self._results = 0, 0
        self._own = {0}
        """Nonces that an answer may have without another host: none, and those that were given."""

    def begin(self) -> Request:
        """The request that begins a new session."""
        self._nonce, self._results = 1 + secrets.randbelow(_COUNT_LIMIT - 1), 0
        self._own.add(self._nonce)
        return Request(FrameType.BEGIN, self._nonce.to_bytes(4, "little"), FrameType.ACK)

    def check_shown(self, session: int) -> bool:
        """Whether the board shows this one, as in `Info.session`, and has not started again.

        Raises `BoardTaken` when it shows another host's.
        """
        nonce = session % _COUNT_LIMIT
        if nonce not in self._own:
            raise BoardTaken(self._name)
        return nonce == self._nonce

    def check(self, result: bytes) -> bytes:
        """The payload of a RESULT without the session.

        Raises `StateLost` when it is not this one, and `BoardTaken` when it is another host's.
        """
        self._results = (self._results + 1) % _COUNT_LIMIT
        return self.without(result)

    def without(self, result: bytes) -> bytes:
        """The same for an answer that the session does not count."""
        nonce, results = _SESSION.unpack_from(result, len(result) - _SESSION.size)
        if nonce not in self._own:
            raise BoardTaken(self._name)
        if (nonce, results) != (self._nonce, self._results):
            raise StateLost(
                f"{self._name}: the board loses its state again and again; see its supply and its "
                "cable, and that no other program uses it")
        return result[: -_SESSION.size]

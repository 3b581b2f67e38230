"""A transport that counts what goes over it."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.host.transport import Transport


@dataclass(frozen=True)
class Traffic:
    """Bytes both ways, and how often the host waited for an answer before it wrote again."""

    bytes: int = 0
    round_trips: int = 0

    def __sub__(self, other: Traffic) -> Traffic:
        """What came since then."""
        return Traffic(self.bytes - other.bytes, self.round_trips - other.round_trips)

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(self.bytes + other.bytes, self.round_trips + other.round_trips)


class CountedTransport:
    """A `Transport` around another one; errors are the other's."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._answered = True
        self.traffic = Traffic()

    def write(self, data: bytes) -> None:
        """Send all bytes; a round trip begins when something was received since the last write."""
        self.traffic += Traffic(len(data), int(self._answered))
        self._answered = False
        self._transport.write(data)

    def read(self, count: int, timeout: float) -> bytes:
        """Receive at most `count` bytes."""
        data = self._transport.read(count, timeout)
        self._answered = self._answered or bool(data)
        self.traffic += Traffic(len(data))
        return data

    def close(self) -> None:
        """Give the port back."""
        self._transport.close()

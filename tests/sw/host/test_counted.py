"""Bytes and round trips of a link."""

from __future__ import annotations

from sterna.host.counted import CountedTransport, Traffic


class Echo:
    """Gives back what was written, when it is asked."""

    def __init__(self) -> None:
        self.held = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.held += data

    def read(self, count: int, timeout: float) -> bytes:
        del timeout
        data, self.held = self.held[:count], self.held[count:]
        return data

    def close(self) -> None:
        self.closed = True


def test_a_round_trip_is_what_waits_for_an_answer() -> None:
    echo = Echo()
    link = CountedTransport(echo)
    link.write(b"ab")
    link.write(b"c")  # no answer was waited for
    assert link.traffic == Traffic(3, 1)
    assert link.read(2, 1.0) == b"ab" and link.read(8, 1.0) == b"c" and link.read(1, 1.0) == b""
    assert link.traffic == Traffic(6, 1)
    before = link.traffic
    link.write(b"de")
    assert link.read(2, 1.0) == b"de"
    assert link.traffic - before == Traffic(4, 1)
    link.close()
    assert echo.closed

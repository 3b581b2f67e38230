"""A simulated board behind a USB bridge that keeps answers for a while, with a host of no delay."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from sterna_sim.serial_library import SerialLibrary

PACKET_BYTES = 62
"""Of what the board sent, in a packet of 64 bytes of an FTDI bridge at full speed."""
STEP = 64
"""Clocks between two looks at the line."""


class BridgedBoard:
    """The transport to a simulated serial board; time passes only while `read` waits.

    The bridge is one of FTDI's (AN232B-04, 2.2): what the board sends waits until a packet is full,
    or until ``latency`` clocks have passed since the last packet. What the host sends goes at once.

    Args:
        path: library of a serial board. divisor: clocks of a bit there.
        clock_hz: clock of the board, by which time-outs are counted.
        latency: of the bridge, in seconds.
    """

    def __init__(self, path: Path, divisor: Fraction | int, clock_hz: float,
                 latency: float) -> None:
        self._library = SerialLibrary(path, float(divisor))
        self._clock_hz, self._latency = clock_hz, max(1, round(latency * clock_hz))
        self._packet_at = 0
        self._waiting, self._delivered = bytearray(), bytearray()

    @property
    def seconds(self) -> float:
        """Time of the board."""
        return self._library.cycles / self._clock_hz

    def write(self, data: bytes) -> None:
        """Send all bytes."""
        self._library.push(data)

    def read(self, count: int, timeout: float) -> bytes:
        """At most `count` bytes; fewer when none came for `timeout` seconds of the board."""
        given, silent = bytearray(), 0.0
        while len(given) < count and silent < timeout:
            if self._delivered:
                part = self._delivered[:count - len(given)]
                del self._delivered[:len(part)]
                given += part
                silent = 0.0
            else:
                silent += self._library.run(STEP, 1 << 20) / self._clock_hz
                self._carry()
        return bytes(given)

    def close(self) -> None:
        """End the simulation; safe to call twice."""
        self._library.close()

    def _carry(self) -> None:
        self._waiting += self._library.pop(4096)
        now = self._library.cycles
        while len(self._waiting) >= PACKET_BYTES or now >= self._packet_at + self._latency:
            self._delivered += self._waiting[:PACKET_BYTES]
            del self._waiting[:PACKET_BYTES]
            self._packet_at = now

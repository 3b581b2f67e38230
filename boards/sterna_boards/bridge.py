"""What stands between a board's serial port and the host: it holds back, and can lose, bytes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

from sterna.machine.machine import Machine
from sterna.machine.protocol import result_words

_FRAME_BYTES = 16
"""More than a frame has around its payload."""


@dataclass(frozen=True)
class Latency:
    """What a round trip takes beside the bytes: request and answer wait in bridge and bus."""

    seconds: float
    why: str


FTDI = Latency(0.016, "FTDI's latency timer, unless the system sets it lower")
"""A packet that is not full waits for the timer, 16 ms after power up (FTDI AN232B-04)."""
FULL_SPEED = Latency(0.002, "a USB frame of 1 ms each way")
"""Bulk transfers of USB 2.0 at full speed are made in frames of 1 ms (section 5.8)."""


HIGH_SPEED = Latency(0.00025, "a USB microframe of 125 us each way")
"""The same at high speed."""
HIGH_SPEED_BAUD = 12_000_000
"""The highest bit rate of FT2232H and FT4232H (their data sheets, section 1)."""


@dataclass(frozen=True)
class UsbPort:
    """USB that the FPGA itself is a serial port of: pins, or a PHY with ULPI."""

    resource: Literal["usb", "ulpi"]
    """The platform's resource."""
    link: str
    """What is at the other end, in words."""

    @property
    def baud(self) -> int:
        """Bit rate of a serial line that carries as many bytes: a tenth of the bus's bits.

        Bulk packets of 64 bytes, 19 a millisecond, at full speed; at high speed 13 of 512 bytes in
        125 us would be a little more (USB 2.0, tables 5-9 and 5-10).
        """
        return 12_000_000 if self.resource == "usb" else 480_000_000

    @property
    def latency(self) -> Latency:
        """Of a round trip."""
        return FULL_SPEED if self.resource == "usb" else HIGH_SPEED


@dataclass(frozen=True)
class Bridge:
    """A bridge to USB with a buffer for what the board sends, and no flow control."""

    holds: int
    """Bytes of the buffer."""
    passes: int
    """Bytes a second that are sure to leave it."""

    def pace(self, machine: Machine, clock_hz: float) -> tuple[int, int] | None:
        """Arguments of the `Pacer` for an accelerator whose answers may overrun the buffer.

        None when all fit: the host asks only when it has the whole of the answer before. Paced
        answers fill half of the buffer, which leaves the other half for a host that comes late.
        """
        if _longest_answer(machine) <= self.holds:
            return None
        return self.holds // 2, ceil(clock_hz / self.passes)

    def pause(self, machine: Machine, baud: int) -> float:
        """Seconds that the longest answer is held back."""
        if self.pace(machine, 1.0) is None:
            return 0.0
        rest = _longest_answer(machine) - self.holds // 2
        return max(0.0, rest / self.passes - rest * 10 / baud)


def _longest_answer(machine: Machine) -> int:
    """Bytes of a RESULT frame in which all token streams take part."""
    return _FRAME_BYTES + 4 * result_words(machine, machine.streams)

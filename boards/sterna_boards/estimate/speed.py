"""Tokens a second, of the engine alone and with the link to the host."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.protocol import Space, result_words, word_chunks

_FRAME_BYTES = 7
"""START, type, sequence, length, CRC, as in `sterna.machine.protocol`."""
_LOAD_BYTES, _RUN_BYTES = 5, 10
_BITS_PER_BYTE = 10


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Rates of one token stream.

    ``tokens_per_second`` is the accelerator's, as if rows and results took no time;
    ``tokens_per_second_over_link`` lets each token wait for its row, its run and its result on the
    serial line. What the host and its USB bridge add is not counted.
    """

    cycles_per_token: float
    tokens_per_second: float
    link_bytes_per_token: int
    tokens_per_second_over_link: float


def link_bytes(configuration: HardwareConfiguration, placement: str, row_groups: int) -> int:
    """Bytes on the line, both ways, for one token."""
    total = 2 * _FRAME_BYTES + _RUN_BYTES + 4 * result_words(configuration)
    if placement == "host":
        row = row_groups * 4 * word_chunks(configuration, Space.INPUT)
        total += 2 * _FRAME_BYTES + _LOAD_BYTES + row
    return total


def speed(cycles: float, clock_hz: float, line_bytes: int, baud: int) -> Speed:
    """The rates at a clock and a bit rate of eight data bits with a start and a stop bit."""
    seconds = cycles / clock_hz
    return Speed(
        cycles_per_token=cycles,
        tokens_per_second=1 / seconds,
        link_bytes_per_token=line_bytes,
        tokens_per_second_over_link=1 / (seconds + line_bytes * _BITS_PER_BYTE / baud),
    )

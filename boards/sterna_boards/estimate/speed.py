"""RUNs a second, of the machine alone and with the link to the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sterna.machine.frames import OVERHEAD
from sterna.machine.protocol import Space, result_words, word_chunks

_LOAD_BYTES, _RUN_BYTES = 5, 10
"""The arguments of LOAD and RUN, as in `sterna.machine.protocol`."""
_BITS_PER_BYTE = 10
"""Eight data bits with a start and a stop bit."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Rates of one stream of RUNs, which are a ``unit`` each: "token", "step".

    ``a_second`` is the machine's, as if input and result took no time; ``a_second_over_link`` lets
    each RUN wait for both on the serial line, and for what the board's bridge holds back. What the
    host adds is not counted. Of event-driven synapses no source is silent.
    """

    unit: str
    cycles: float
    a_second: float
    link_bytes: int
    a_second_over_link: float

    def named(self) -> dict[str, float]:
        """As JSON has them."""
        return {
            f"cycles_per_{self.unit}": self.cycles,
            f"{self.unit}s_per_second": self.a_second,
            f"link_bytes_per_{self.unit}": self.link_bytes,
            f"{self.unit}s_per_second_over_link": self.a_second_over_link,
        }


def link_bytes(machine: Any, input_words: int, space: str = Space.INPUT) -> int:
    """Bytes on the line, both ways, of a RUN that is given so many words of an input's memory."""
    total = 2 * OVERHEAD + _RUN_BYTES + 4 * result_words(machine)
    if input_words:
        total += (2 * OVERHEAD + _LOAD_BYTES
                  + 4 * input_words * word_chunks(machine, space))
    return total


def speed(unit: str, cycles: float, clock_hz: float, line_bytes: int, baud: int,
          pause: float = 0.0) -> Speed:
    """The rates at a clock and a bit rate; ``pause``: seconds that a bridge adds to an answer."""
    seconds = cycles / clock_hz
    return Speed(
        unit=unit, cycles=cycles, a_second=1 / seconds, link_bytes=line_bytes,
        a_second_over_link=1 / (seconds + line_bytes * _BITS_PER_BYTE / baud + pause))

"""RUNs a second, of the machine alone and with the link to the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sterna.host.device import MOST_AT_ONCE
from sterna.machine import generation
from sterna.machine.frames import OVERHEAD
from sterna.machine.protocol import SESSION_WORDS, Space, result_words, word_chunks

from sterna_boards.bridge import Latency

_LOAD_BYTES, _RUN_BYTES, _STREAM_BYTES, _MASK_BYTES = 5, 6, 4, 4
"""The arguments of LOAD and of RUN, those of each token stream, and the masks of several, as in
`sterna.machine.protocol`."""
BITS_PER_BYTE = 10
"""Eight data bits with a start and a stop bit."""


@dataclass(frozen=True)
class LinkUse:
    """What a RUN takes of the link.

    ``bytes`` go over the line, both ways; in each of ``round_trips`` the host waits for an answer
    before it goes on. ``overlapped``: the board goes on meanwhile.
    """

    bytes: float
    round_trips: float
    overlapped: bool = False

    def seconds(self, baud: int, latency: float, pause: float = 0.0) -> float:
        """At a bit rate; ``latency`` is that of a round trip, ``pause`` what an answer waits."""
        return self.bytes * BITS_PER_BYTE / baud + self.round_trips * latency + pause

    def between(self, run: float, link: float) -> float:
        """Seconds from one result to the next, of a RUN and a link that take so many."""
        return max(run, link) if self.overlapped else run + link


def round_trips(of: float, unit: str, latency: Latency) -> str:
    """In words, with what a round trip takes and why: of a RUN, which is a ``unit``."""
    trips = ("a round trip" if of == 1 else f"{of:g} round trips" if of > 1
             else f"a round trip in {1 / of:g} {unit}s")
    return f"{trips}{' of' if of >= 1 else ','} {1e3 * latency.seconds:g} ms ({latency.why})"


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Rates of RUNs, each of which is a ``unit`` of every token stream: "token", "step".

    ``a_second`` is the machine's, as if input and result took no time; ``a_second_over_link`` lets
    each RUN wait for both on the serial line, for its round trips through the bridge and for what
    the board holds back for it, unless the board feeds itself; ``link_limit`` is what that alone
    allows. What the host adds is not counted. Of event-driven synapses no source is silent.
    """

    unit: str
    cycles: float
    a_second: float
    link_bytes: float
    round_trips: float
    latency: Latency
    """Of a round trip beside its bytes."""
    link_limit: float
    a_second_over_link: float
    streams: int = 1

    def named(self) -> dict[str, float | str]:
        """As JSON has them; rates with ``aggregate`` are the sum of several streams."""
        rates = {f"{self.unit}s_per_second": self.a_second,
                 f"{self.unit}s_per_second_over_link": self.a_second_over_link}
        together = {f"aggregate_{name}": self.streams * rate for name, rate in rates.items()
                    if self.streams > 1}
        return together | {
            f"cycles_per_{self.unit}": self.cycles,
            f"{self.unit}s_per_second": self.a_second,
            f"link_bytes_per_{self.unit}": self.link_bytes,
            f"round_trips_per_{self.unit}": self.round_trips,
            "round_trip_seconds": self.latency.seconds,
            "round_trip_reason": self.latency.why,
            "link_limit": self.link_limit,
            f"{self.unit}s_per_second_over_link": self.a_second_over_link,
        }


def link_use(machine: Any, input_words: int, space: str = Space.INPUT) -> LinkUse:
    """Of a RUN of all token streams, each given so many words of an input's memory: LOAD and ACK,
    RUN and RESULT.

    LOAD and RUN go together, and their answers come together. A machine that answers GENERATE and
    needs no rows is asked for many ids of each text at a time, and goes on while it answers.
    """
    streams = machine.streams
    if machine.generates is not None and not input_words:
        ids = min(MOST_AT_ONCE, machine.generates.window)
        frames = (2 * OVERHEAD + generation.HEADER.size + generation.TAKE.size
                  + generation.TOLD_BYTES + 4 * SESSION_WORDS)
        return LinkUse(streams * (frames / ids + generation.ID_BYTES), 1 / ids, overlapped=True)
    total = (2 * OVERHEAD + _RUN_BYTES + streams * _STREAM_BYTES + (streams > 1) * _MASK_BYTES
             + 4 * result_words(machine, streams))
    if input_words:
        total += streams * (2 * OVERHEAD + _LOAD_BYTES
                            + 4 * input_words * word_chunks(machine, space))
    return LinkUse(total, 1)


def speed(unit: str, cycles: float, clock_hz: float, use: LinkUse, baud: int,
          latency: Latency, pause: float = 0.0, streams: int = 1) -> Speed:
    """The rates at a clock and a bit rate; arguments as of `LinkUse.seconds`."""
    seconds, waits = cycles / clock_hz, use.seconds(baud, latency.seconds, pause)
    return Speed(
        unit=unit, cycles=cycles, a_second=1 / seconds, link_bytes=use.bytes,
        round_trips=use.round_trips, latency=latency, link_limit=1 / waits,
        a_second_over_link=1 / use.between(seconds, waits), streams=streams)

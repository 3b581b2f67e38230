"""The trace ports of a machine: what its units show, by the names at the top level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sterna.machine.machine import Machine
from sterna.machine.unit import TracePort
from sterna.machine.words import pack_mixed

Words32 = NDArray[np.uint32]


@dataclass(frozen=True)
class TopPort:
    """A trace port at the top level: that of a unit, of a token stream if each has the unit."""

    name: str
    unit: str
    port: TracePort
    stream: int | None


@lru_cache(maxsize=64)
def trace_ports(machine: Machine) -> tuple[TopPort, ...]:
    """All trace ports in their order: those of every token stream, then those of what all share."""
    own = [(unit.name, port) for unit in machine.units if unit.per_stream
           for port in unit.traces(machine)]
    shared = [(unit.name, port) for unit in machine.units if not unit.per_stream
              for port in unit.traces(machine)]
    return (*(TopPort(f"trace_{port.name}_{stream}", unit, port, stream)
              for stream in range(machine.streams) for unit, port in own),
            *(TopPort(f"trace_{port.name}", unit, port, None) for unit, port in shared))


def port_words(port: TracePort, values: list[NDArray[np.int64]]) -> Words32:
    """What a port shows of arrays of entries [n, fields], one after the other."""
    entries = np.concatenate([np.zeros((0, len(port.fields)), np.int64), *values])
    parts, place = [(np.ones((len(entries), 1), np.int64), 1)], 0
    for count, width in _equal(port):
        parts.append((entries[:, place:place + count], width))
        place += count
    return pack_mixed(parts, 4 * port.chunks).view("<u4").reshape(-1)


def _equal(port: TracePort) -> list[tuple[int, int]]:
    """Neighbouring fields of equal width: how many, and the width."""
    found: list[tuple[int, int]] = []
    for width, _ in port.fields:
        if found and found[-1][1] == width:
            found[-1] = found[-1][0] + 1, width
        else:
            found.append((1, width))
    return found


def port_entries(port: TracePort, words: Words32) -> NDArray[np.int64]:
    """Entries [n, fields] of what a port showed; `port_words` backwards."""
    entries = words.reshape(-1, port.chunks).astype(np.uint64)
    entries = np.pad(entries, ((0, 0), (0, 1)))  # so that the last field may look a word further
    columns, position = [], 1
    for width, signed in port.fields:
        word, offset = divmod(position, 32)
        pair = entries[:, word] | entries[:, word + 1] << np.uint64(32)
        field = (pair >> np.uint64(offset) & np.uint64((1 << width) - 1)).astype(np.int64)
        if signed:
            field -= (field >> (width - 1) & 1) << width
        columns.append(field)
        position += width
    return np.stack(columns, axis=1)


def shown_of(machine: Machine, words: list[Words32], stream: int) -> Mapping[str, NDArray]:
    """Entries of every port of a stream, and of what all share, by the names of the ports.

    ``words`` are those of all `trace_ports`.
    """
    return {top.port.name: port_entries(top.port, shown)
            for top, shown in zip(trace_ports(machine), words, strict=True)
            if top.stream in (None, stream)}

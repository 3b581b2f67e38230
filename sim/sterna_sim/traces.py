"""Trace ports as arrays of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sterna.host.transport import Transport
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.machine import Machine

from sterna_sim.library import TraceKind


@dataclass(frozen=True)
class Trace:
    """What the trace ports showed, each in the order of time.

    ``vectors`` is [groups, vector_lanes]: every result group of the vector unit. ``scalars`` is
    [results, 2]: mantissa and exponent of every scalar result. ``accumulators`` is [row groups,
    rows]: every row group that left the ternary engine, before saturation.
    """

    vectors: NDArray[np.int64]
    scalars: NDArray[np.int64]
    accumulators: NDArray[np.int64]


class TracedBoard(Transport, Protocol):
    """A transport to a machine whose trace ports can be seen, simulated or emulated."""

    def collect_words(self) -> list[NDArray[np.uint32]]:
        """What each trace port showed since the last call."""
        ...


def unpack_traces(
    configuration: Machine, ports: Sequence[NDArray[np.uint32]]
) -> list[Trace]:
    """What the ports of every token stream showed, as `TracedBoard.collect_words` gives them."""
    return [unpack_trace(configuration, {kind: ports[first + kind] for kind in TraceKind})
            for first in range(0, len(ports), len(TraceKind))]


def unpack_trace(
    configuration: Machine, words: Mapping[TraceKind, NDArray[np.uint32]]
) -> Trace:
    """Split captured port values (32-bit words) into their fields; bit 0 of each is `valid`."""
    lanes = [(configuration.vector.word_bits, True)] * configuration.vector.lanes
    rows = [(configuration.ternary.accumulator_bits, True)] * configuration.ternary.rows
    scalar = [(MANTISSA_BITS, False), (EXPONENT_BITS, True)]
    return Trace(
        unpack_fields(words[TraceKind.VECTORS], lanes),
        unpack_fields(words[TraceKind.SCALARS], scalar),
        unpack_fields(words[TraceKind.ACCUMULATORS], rows),
    )


def unpack_fields(words: NDArray[np.uint32], fields: list[tuple[int, bool]]) -> NDArray[np.int64]:
    """[values, fields] from packed values; fields are (width up to 32, signed), low bits first."""
    bits = 1 + sum(width for width, _ in fields)
    stride = -(-bits // 32)
    if 32 < bits <= 64:
        stride = 2
    values = words.reshape(-1, stride).astype(np.uint64)
    values = np.pad(values, ((0, 0), (0, 1)))  # so that the last field may look one word further
    columns, position = [], 1
    for width, signed in fields:
        word, offset = divmod(position, 32)
        pair = values[:, word] | values[:, word + 1] << np.uint64(32)
        field = (pair >> np.uint64(offset) & np.uint64((1 << width) - 1)).astype(np.int64)
        if signed:
            field -= (field >> (width - 1) & 1) << width
        columns.append(field)
        position += width
    return np.stack(columns, axis=1)

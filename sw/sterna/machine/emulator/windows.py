"""ACCUMULATE with a window: where the targets of a source are, as its words say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.synapses import WINDOW_HEADS

Integers = NDArray[np.int64]


class Window:
    """What each source adds to words of accumulators.

    ``fields`` are those of the instruction; hits are found once, source by source. With ``written``
    its weights are what neurons have written before.
    """

    def __init__(self, machine: Machine, fields: dict[str, int],
                 memories: Mapping[str, LoadedMemory], written: bool = False) -> None:
        self.fields, synapses, lanes = fields, machine.synapses, machine.synapses.lanes
        self._counts, weights, self._groups = _hits(machine, fields, memories[Space.WINDOWS])
        self._ends = np.cumsum(self._counts)
        used, self._place = np.unique(weights, return_inverse=True)
        end, memory = int(used.max(initial=-1)) + 1, memories[Space.SYNAPSES]
        bits, taps = synapses.weight_bits, synapses.tap_bits
        first = int(used.min(initial=end))

        def read() -> Integers:
            return memory.fields(end, lanes, bits, first)[used - first]

        self._weights, self._read = read(), read if written else None
        self._taps = (memory.unsigned(end, lanes, taps, 0, lanes * bits)[used] if taps
                      else np.zeros_like(self._weights))
        self._shape = synapses.accumulator_depth, lanes

    def sums(self, histories: Integers) -> Integers:
        """What the sources add to each target."""
        if self._read is not None:
            self._weights = self._read()
        found = np.zeros(self._shape, np.int64)
        loud = np.flatnonzero(histories.any(axis=1))
        counts = self._counts[loud]
        hits = np.concatenate([np.zeros(0, np.int64), *(
            np.arange(end - count, end)
            for end, count in zip(self._ends[loud], counts, strict=True))])
        place = self._place[hits]
        codes = np.take_along_axis(
            histories[np.repeat(loud, counts)], self._taps[place], axis=1)
        np.add.at(found, self._groups[hits], codes * self._weights[place])
        return found.reshape(-1)


def _hits(machine: Machine, fields: dict[str, int], windows: LoadedMemory
          ) -> tuple[Integers, Integers, Integers]:
    """How many words each source meets, and of all of them weight words and groups."""
    synapses, lanes, first = machine.synapses, machine.synapses.lanes, fields["window"] - 1
    heads = _words(machine, windows, first, WINDOW_HEADS)
    phase, start, axes = heads[3][0], first + WINDOW_HEADS, []
    for size, *_ in heads[:3]:
        axes.append(_words(machine, windows, start, size))
        start += size
    sizes = [len(axis) for axis in axes]
    modulus = [1 << bits for _, bits in synapses.window_fields[1:]]
    words = np.arange(fields["groups"])
    steps = np.array(heads[:3])
    counts, weights, groups = [], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for source in range(fields["sources"]):
        places = np.unravel_index(source, sizes)
        mine = np.array([axis[place] for axis, place in zip(axes, places, strict=True)])
        times = np.indices(mine[:, 0].tolist()).reshape(3, -1)
        weight, target = (mine[:, field].sum() + steps[:, field] @ times for field in (1, 2))
        weight, target = (weight + fields["weights"]) % modulus[0], target % modulus[1]
        weight = (weight + target % lanes * phase // lanes)[:, None] + words
        weights.append(weight.reshape(-1) % modulus[0])
        groups.append(((target // lanes)[:, None] + words).reshape(-1)
                      % synapses.accumulator_depth)
        counts.append(weight.size)
    return np.array(counts), np.concatenate(weights), np.concatenate(groups)


def _words(machine: Machine, windows: LoadedMemory, start: int, count: int) -> list[list[int]]:
    """So many words from one on: their fields."""
    columns, bit = [], 0
    for _, width in machine.synapses.window_fields:
        columns.append(windows.unsigned(start + count, 1, width, start, bit)[:, 0])
        bit += width
    return np.stack(columns, 1).tolist()

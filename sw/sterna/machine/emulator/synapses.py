"""Delay lines of codes, and synapses that add codes times weights to accumulators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.machine import Machine

Integers = NDArray[np.int64]


class CodeMemory:
    """The last codes of every source, the newest first: [sources, taps]."""

    def __init__(self, machine: Machine) -> None:
        self._lanes = machine.neurons.lanes
        sources = machine.neurons.code_depth * self._lanes
        noise = np.random.default_rng(2)  # memory is not zero after power up
        limit = machine.neurons.code_limit
        self.histories = noise.integers(-limit, limit, (sources, machine.synapses.taps), np.int64)

    def shift(self, word: int, codes: Integers) -> None:
        """New codes enter from a word on, and the oldest are forgotten."""
        first = word * self._lanes
        kept = self.histories[first:first + len(codes)]
        kept[:, 1:] = kept[:, :-1].copy()
        kept[:, 0] = codes

    def clear(self, word: int, words: int) -> None:
        """All codes of some words to 0."""
        self.histories[word * self._lanes:(word + words) * self._lanes] = 0

    def sources(self, word: int, count: int) -> Integers:
        """The histories of so many sources from a word on."""
        first = word * self._lanes
        return self.histories[first:first + count]


class Synapses:
    """ACCUMULATE: the weight words of a connection, unpacked once, times the codes of its source.

    ``fields`` are those of the instruction; weights are [sources, targets].
    """

    def __init__(self, machine: Machine, fields: dict[str, int],
                 weights: LoadedMemory) -> None:
        self.fields = fields
        sources, groups, first = fields["sources"], fields["groups"], fields["weights"]
        shape = (sources, groups * machine.synapses.lanes)
        end, lanes = first + sources * groups, machine.synapses.lanes
        bits, taps = machine.synapses.weight_bits, machine.synapses.tap_bits
        self._weights = weights.fields(end, lanes, bits, first).reshape(shape)
        self._taps: Integers | None = None
        if taps:
            self._taps = weights.unsigned(end, lanes, taps, first, lanes * bits).reshape(shape)
        else:
            self._dense = self._weights.astype(np.float64)

    def sums(self, histories: Integers) -> Integers:
        """What the sources add to each target."""
        if self._taps is None:
            return (histories[:, 0].astype(np.float64) @ self._dense).astype(np.int64)
        loud = np.flatnonzero(histories.any(axis=1))
        codes = np.take_along_axis(histories[loud], self._taps[loud], axis=1)
        return (codes * self._weights[loud]).sum(axis=0)

"""Delay lines of codes, and synapses that add codes times weights to accumulators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.plan import Plan
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.emulator.windows import Window
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.words import pack_fields, word_bytes

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


class SynapsesUnit(EmulatedUnit):
    """Executes ACCUMULATE: the codes of a source into the accumulators, times their weights."""

    executes = ("ACCUMULATE",)

    def __init__(self, machine: Machine, memories: Mapping[str, LoadedMemory],
                 beside: Mapping[str, EmulatedUnit]) -> None:
        super().__init__(machine, memories, beside)
        synapses = machine.synapses
        self._sums = np.zeros(synapses.accumulator_depth * synapses.lanes, np.int64)
        self.codes = CodeMemory(machine)
        self._events = self._sources = 0
        self._written: set[int] = set()

    def plan(self, step: Executed, plan: Plan) -> None:
        synapses: Synapses | Window
        if step.fields.get("window"):
            synapses = Window(self.machine, step.fields, self.memories,
                              step.fields["weights"] in self._written)
        else:
            synapses = Synapses(self.machine, step.fields, self.memories[Space.SYNAPSES])
        plan.populations.append((None, lambda path: self._accumulate(synapses)))

    def will_write(self, word: int) -> None:
        """A command that comes before writes weights from a word on."""
        self._written.add(word)

    def write(self, word: int, weights: Integers) -> None:
        """Outputs of neurons become weights from a word on; the last word is filled up with 0."""
        lanes, bits = self.machine.synapses.lanes, self.machine.synapses.weight_bits
        full = np.pad(weights, (0, -len(weights) % lanes)).reshape(-1, lanes)
        size = word_bytes(self.machine, Space.SYNAPSES)
        self.memories[Space.SYNAPSES].write(word, pack_fields(full, bits, size).tobytes())

    def begin(self, path: Path, plan: Plan, word: int) -> None:
        self._events = self._sources = 0

    def counts(self) -> Mapping[str, int]:
        return {"events": self._events, "sources": self._sources}

    def take(self, count: int, groups: int) -> Integers:
        """So many sums from the first on; whole groups of accumulators are 0 afterwards."""
        sums = self._sums[:count].copy()
        self._sums[:groups * self.machine.synapses.lanes] = 0
        half = 1 << self.machine.synapses.accumulator_bits - 1
        return (sums + half & 2 * half - 1) - half  # accumulators wrap

    def _accumulate(self, synapses: Synapses | Window) -> None:
        fields = synapses.fields
        histories = self.codes.sources(fields["codes"], fields["sources"])
        sums = synapses.sums(histories)
        self._sums[:len(sums)] += sums
        self._sources += len(histories)
        self._events += (int(np.count_nonzero(histories.any(axis=1))) if fields["skip"]
                         else len(histories))

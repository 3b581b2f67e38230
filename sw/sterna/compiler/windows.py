"""Windows on a machine: weight words that are there once, and where the targets of a source are.

Along an axis the kernel places that meet an element are in equal steps, and so are the positions
that they lead to: a first one and a count say all, and the hits of a source are those of its
channel, row and column, each with each. In accumulators the channels of a position lie side by
side (``target_last``), as many as fit in a word; a position that begins inside a word has words of
its own, shifted by as many lanes. Else a target is a lane of a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, prod

import numpy as np
from numpy.typing import NDArray

from sterna.law.window import Window
from sterna.machine.units.synapses import WINDOW_HEADS

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Hits:
    """Of each element of an axis how many kernel places meet it, and where from one to the next."""

    count: Integers
    kernel: Integers
    target: Integers
    kernel_step: int
    target_step: int


def axis_hits(window: Window, axis: int) -> Hits:
    """Those of the rows (0) or the columns (1) of the sources, before they are pooled."""
    size, pool = (window.height, window.width)[axis], window.pool[axis]
    stride, dilation = window.stride[axis], window.dilation[axis]
    common, before = gcd(stride, dilation), window.padding[2 * axis]
    place = np.arange(size) // pool
    reached = (place + before)[:, None] - np.arange(window.kernel[axis]) * dilation
    met = (reached % stride == 0) & (reached >= 0) & (reached < window.made[axis] * stride)
    met &= (place < size // pool)[:, None]
    count, first = met.sum(1), met.argmax(1)
    target = reached[np.arange(size), first] // stride
    return Hits(count, np.where(count > 0, first, 0), np.where(count > 0, target, 0),
                stride // common, -(dilation // common))


class WindowWords:
    """The words of a window in memories of so many lanes of synapses.

    Attributes:
        groups: weight words of a target position. phases: how many lanes a position may begin at.
        words: weight words in all.
    """

    def __init__(self, window: Window, lanes: int) -> None:
        self._window, self._lanes = window, lanes
        positions = prod(window.made)
        self._last = window.target_last or positions == 1 or window.outputs == 1
        self._outputs = window.outputs // window.groups
        if positions == 1:
            grain = lanes
        else:
            grain = gcd(window.outputs if self._last else 1, lanes)
        self._grain, self.phases = grain, lanes // grain
        self._run = self._outputs if self._last else 1
        starts = [group * self._run % lanes if self._last else 0 for group in range(window.groups)]
        self.groups = -(-(lanes - grain + max(starts) + self._run) // lanes)
        self._single = 1 if self._last else self._outputs
        self.words = (window.channels * self._single * prod(window.kernel) * self.phases
                      * self.groups)

    @property
    def table_words(self) -> int:
        """Words of `Synapses.window_fields`."""
        return WINDOW_HEADS + self._window.channels + self._window.height + self._window.width

    def weights(self, given: Integers) -> Integers:
        """Words [words, lanes] of the weights that the window has."""
        window, lanes, run = self._window, self._lanes, self._run
        rows, columns = window.kernel
        found = np.zeros((window.channels, self._single, rows, columns, self.phases,
                          self.groups * lanes), np.int64)
        depth = window.channels // window.groups
        for channel in range(window.channels):
            group = channel // depth
            mine = given[group * self._outputs:(group + 1) * self._outputs, channel % depth]
            within = group * run % lanes if self._last else 0
            for phase in range(self.phases):
                first = phase * self._grain + within
                place = found[channel, :, :, :, phase, first:first + run]
                place[:] = (mine.transpose(1, 2, 0)[None] if self._last else mine[..., None])
        return found.reshape(-1, lanes)

    def table(self) -> Integers:
        """Words [table_words, 3] of `Synapses.window_fields`; sums may be negative."""
        window, axes = self._window, [self._channels(), *self._axes()]
        if window.source_last:
            axes = axes[1:] + axes[:1]
        heads = [[len(elements), *steps] for elements, steps in axes]
        phase = [self.groups * self.phases if self.phases > 1 else 0, 0, 0]
        return np.concatenate([np.array([*heads, phase]), *(elements for elements, _ in axes)])

    def asked(self) -> Integers:
        """Weight words that an event of each source asks for: [sources]."""
        rows, columns = (axis_hits(self._window, axis).count for axis in range(2))
        each = self.groups * self._single * rows[:, None] * columns
        found = np.tile(each.reshape(-1), (self._window.channels, 1))
        return (found.T if self._window.source_last else found).reshape(-1)

    def clocks(self, round_trip: int, least: int) -> int:
        """About those of events of all sources, one takes ``least``.

        Where positions begin inside a word, the next along a row is in the same one, and waits a
        ``round_trip`` for it.
        """
        rows, columns = (axis_hits(self._window, axis).count for axis in range(2))
        column = self.groups * rows
        if self.phases > 1:
            column = np.maximum(column, round_trip) * (rows > 0)
        each = np.maximum(self._single * column[:, None] * columns, least)
        return int(each.sum()) * self._window.channels

    def _channels(self) -> tuple[Integers, tuple[int, int]]:
        """What each channel adds, and steps from one of its outputs to the next."""
        window, (high, wide) = self._window, self._window.made
        place = self.phases * self.groups * prod(window.kernel)
        channel = np.arange(window.channels)
        first = channel // (window.channels // window.groups) * self._outputs
        lanes = self._lanes
        targets = first // lanes * lanes if self._last else first * high * wide
        elements = np.stack(
            [np.full_like(channel, self._single), channel * self._single * place, targets], 1)
        return elements, ((0, 0) if self._last else (place, high * wide))

    def _axes(self) -> list[tuple[Integers, tuple[int, int]]]:
        """What rows and columns add, and steps from hit to hit."""
        window, word = self._window, self.phases * self.groups
        one = window.outputs if self._last else 1
        found = []
        for axis, (place, position) in enumerate((
                (window.kernel[1] * word, window.made[1] * one), (word, one))):
            hits = axis_hits(window, axis)
            elements = np.stack([hits.count, hits.kernel * place, hits.target * position], 1)
            found.append((elements, (hits.kernel_step * place, hits.target_step * position)))
        return found

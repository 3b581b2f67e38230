"""Events with times become steps of a network: so many nanoseconds each, one after the other.

An event counts 1 at its input in its step; several add up. Steps begin with the first event of a
camera's recording, and at time 0 of one of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.numerals import whole

Integers = NDArray[np.int64]
MOST_EVENTS = 1 << 24
"""Of a recording that is not in order, and of all samples together."""
_LATEST = 1 << 61
"""Nanoseconds, over 73 years."""


@dataclass(frozen=True)
class Sensor:
    """The pixels of a camera."""

    width: int
    height: int

    @staticmethod
    def of(text: str | None) -> Sensor | None:
        """Such as ``128x128``. Raises `InputError` for another text."""
        if text is None:
            return None
        sizes = [whole(part) or 0 for part in text.split("x")]
        if len(sizes) != 2 or min(sizes) < 1 or max(sizes) > 1 << 15:
            raise InputError(f"sensor is {text!r}; give width and height, such as 128x128")
        return Sensor(*sizes)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True)
class Binning:
    """What was chosen; ``step`` in seconds. ``only``: what has no times is refused."""

    step: float | None = None
    sensor: Sensor | None = None
    samples: int | None = None
    only: bool = False

    def nanoseconds(self, path: Path) -> int:
        """Of a step. Raises `InputError` where none was given, or less than one."""
        if self.step is None:
            raise InputError(f"{path}: holds times; give --dt, seconds a step, such as 0.001")
        if round(self.step * 1e9) < 1:
            raise InputError(f"{path}: a step of {self.step:g} s; it must be a nanosecond or more")
        return round(self.step * 1e9)


@dataclass(frozen=True)
class Chunk:
    """Events that come one after the other: times in nanoseconds, and inputs of the network."""

    times: Integers
    inputs: Integers


@dataclass(frozen=True)
class Recording:
    """Events of one sample, read again as often as `chunks` is called.

    ``starts`` is the time of the first step, None for that of the first event.
    """

    path: Path
    chunks: Callable[[], Iterator[Chunk]]
    starts: int | None = None

    def whole(self) -> Chunk:
        """All events in the order of their times. Raises `InputError` for too many."""
        parts, count = [Chunk(np.zeros(0, np.int64), np.zeros(0, np.int64))], 0
        for part in self.chunks():
            parts.append(part)
            count += part.times.size
            if count > MOST_EVENTS:
                raise InputError(f"{self.path}: is not in the order of time, and of such files at "
                                 f"most {MOST_EVENTS} events are read; sort it")
        times = np.concatenate([part.times for part in parts])
        order = np.argsort(times, kind="stable")
        return Chunk(times[order], np.concatenate([part.inputs for part in parts])[order])


@dataclass(frozen=True)
class Steps:
    """A recording as so many steps of a network of so many ``inputs``."""

    recording: Recording
    nanoseconds: int
    first: int
    steps: int
    inputs: int

    def blocks(self, rows: int) -> Iterator[NDArray[np.float64]]:
        """Frames [at most `rows`, inputs], one after the other; of events no more than a chunk is
        in memory."""
        done, block = 0, self._empty(0, rows)
        for chunk in self.recording.chunks():
            steps, inputs = (chunk.times - self.first) // self.nanoseconds, chunk.inputs
            while steps.size:
                here = int(np.searchsorted(steps, done + len(block)))
                np.add.at(block, (steps[:here] - done, inputs[:here]), 1.0)
                steps, inputs = steps[here:], inputs[here:]
                if steps.size:
                    yield block
                    done += len(block)
                    block = self._empty(done, rows)
        while len(block):
            yield block
            done += len(block)
            block = self._empty(done, rows)

    def _empty(self, done: int, rows: int) -> NDArray[np.float64]:
        return np.zeros((min(rows, self.steps - done), self.inputs))


def in_steps(recording: Recording, binning: Binning, inputs: int, most: int) -> Steps:
    """A recording whose frames have at most `most` values.

    Raises `InputError` for one without events, with times before the first step, or too long.
    """
    path, step = recording.path, binning.nanoseconds(recording.path)
    lowest, highest, last, ordered = _LATEST, -_LATEST, -_LATEST, True
    for chunk in recording.chunks():
        if chunk.times.size:
            ordered = ordered and last <= chunk.times[0] and not (np.diff(chunk.times) < 0).any()
            lowest = min(lowest, int(chunk.times.min()))
            highest = max(highest, int(chunk.times.max()))
            last = int(chunk.times[-1])
    if lowest > highest:
        raise InputError(f"{path}: holds no events")
    first = lowest if recording.starts is None else recording.starts
    if lowest < first or not -_LATEST < lowest <= highest < _LATEST:
        raise InputError(f"{path}: an event at {(lowest if lowest < first else highest) / 1e9:g} s")
    steps = (highest - first) // step + 1
    if steps * inputs > most:
        raise InputError(f"{path}: {steps} steps of {step / 1e9:g} s of {inputs} inputs; give at "
                         f"most {most // inputs} steps a file, see --dt")
    if not ordered:
        sorted_once = recording.whole()
        recording = Recording(path, lambda: iter((sorted_once,)), recording.starts)
    return Steps(recording, step, first, steps, inputs)

"""Inputs of spiking networks: frames in ``.npz`` or ``.npy``, events as lines of step and address,
and recordings of events with their times.

A file of events has a line ``step,address`` or ``step,address,value`` for each (value 1 unless
given, several at one place add up); ``#`` begins a comment. Files are read a block at a time, as
often as somebody asks, so that what an archive unpacks to need never be in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.errors import InputError
from sterna.families.spiking.array_file import open_array
from sterna.families.spiking.event_file import Events, read_events
from sterna.families.spiking.recording.binning import Binning, in_steps
from sterna.families.spiking.recording.files import HDF5, open_recording, read_samples
from sterna.progress import Report

Reals = NDArray[np.float64]

ARRAYS = (".npz", ".npy")
MOST_VALUES = 1 << 27
"""Values of the largest file; their codes take a byte each."""
MOST_RANDOM = 1 << 24
"""Values of random inputs, which are made at once."""
BLOCK_VALUES = 1 << 20


@dataclass(frozen=True)
class InputFile:
    """Frames [steps, batch, inputs] of a file."""

    path: Path
    shape: tuple[int, int, int]
    _read: Callable[[int], Iterator[NDArray[Any]]]

    def blocks(self, report: Report | None = None) -> Iterator[Reals]:
        """Some steps after the others, [some, batch, inputs]; `report` hears of long files.

        Raises `InputError` naming what is wrong with the file.
        """
        steps, batch, inputs = self.shape
        done = 0
        for block in self._read(max(1, BLOCK_VALUES // (batch * inputs))):
            with np.errstate(over="ignore"):
                values = block.astype(np.float64).reshape(-1, batch, inputs)
            if not np.isfinite(block).all():
                raise InputError(f"{self.path}: frames must be finite real numbers")
            if not np.isfinite(values).all():
                raise InputError(f"{self.path}: frames must be numbers that double precision has")
            yield values
            done += len(values)
            if report is not None:
                report(f"reading {self.path.name}", done, steps)

    def first(self, samples: int | None) -> InputFile:
        """That of so many of its batch, all by None; there may be fewer."""
        steps, batch, inputs = self.shape
        count = batch if samples is None else min(samples, batch)

        def read(rows: int) -> Iterator[NDArray[Any]]:
            for block in self._read(rows):
                yield block.reshape(-1, batch, inputs)[:, :count]

        return InputFile(self.path, (steps, count, inputs), read)


def open_input(path: Path, inputs: int, report: Report | None = None,
               binning: Binning | None = None) -> InputFile:
    """The frames of a file; a file of [steps, inputs] has a batch of 1. Inputs may be maps.

    Of an ``.npz`` the array ``frames`` is taken, or the only one. Events with times come in steps
    as the ``binning`` says. Raises `InputError` naming what is wrong with the file.
    """
    binning, report = binning or Binning(), report or Report()
    if not path.is_file():
        raise InputError(f"{path}: file not found")
    if path.suffix in HDF5:
        first = replace(binning, samples=binning.samples or 1)
        found = read_samples(path, inputs, first, MOST_VALUES, report)
        return sampled(path, found.events, found.labels.size, inputs)
    if path.suffix not in ARRAYS:
        recording = open_recording(path, inputs, binning)
        if recording is not None:
            steps = in_steps(recording, binning, inputs, MOST_VALUES)
            return InputFile(path, (steps.steps, 1, inputs), steps.blocks)
        if binning.only:
            raise InputError(f"{path}: has no times to be binned, or a first line that is none of "
                             "time and input, or time, column, row and polarity; a time in seconds "
                             "has a point")
        events = read_events(path, inputs, MOST_VALUES, report)
        return InputFile(path, (events.steps, 1, inputs), events.blocks)
    array = open_array(path)
    return InputFile(path, _checked(path, array.shape, array.dtype, inputs), array.blocks)


def sampled(path: Path, events: NDArray[np.int64], samples: int, inputs: int) -> InputFile:
    """Frames of events [events, 3]: sample, step and address of each, and in a fourth column its
    value where that is not 1. Raises `InputError` for events that are elsewhere.
    """
    if events.ndim != 2 or events.shape[1] not in (3, 4) or not len(events):
        raise InputError(f"{path}: events of shape {list(events.shape)}; give sample, step and "
                         "address of each, and a value if it is not 1")
    sample, step, address, *values = events.T
    wrong = np.flatnonzero(
        (step < 0) | (sample < 0) | (sample >= samples) | (address < 0) | (address >= inputs))
    if wrong.size:
        first = int(wrong[0])
        raise InputError(f"{path}: event {first}: sample {sample[first]}, step {step[first]}, "
                         f"address {address[first]}; samples end at {samples - 1}, addresses at "
                         f"{inputs - 1}")
    steps, width = int(step.max()) + 1, samples * inputs
    if steps * width > MOST_VALUES:
        raise InputError(f"{path}: {steps} steps of {samples} samples of {inputs} inputs; give at "
                         f"most {MOST_VALUES // inputs} steps a file")
    places = step * width + sample * inputs + address
    order = np.argsort(places, kind="stable")
    counts = values[0] if values else np.ones(len(events), np.int64)
    found = Events(steps, width, places[order], counts[order].astype(np.float64))
    return InputFile(path, (steps, samples, inputs), found.blocks)


def given_input(values: ArrayLike, inputs: int) -> InputFile:
    """Frames that are in memory, [steps, inputs] or [steps, batch, inputs], as those of a file.

    Raises `InputError` naming what is wrong with them.
    """
    path = Path("inputs")
    try:
        frames = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{path}: are no array of numbers ({error})") from None
    shape = _checked(path, frames.shape, frames.dtype, inputs)

    def read(steps: int) -> Iterator[NDArray[Any]]:
        for first in range(0, len(frames), steps):
            yield frames[first:first + steps]

    return InputFile(path, shape, read)


def _checked(path: Path, given: tuple[int, ...], kind: np.dtype[Any], inputs: int
             ) -> tuple[int, int, int]:
    """The shape [steps, batch, inputs] of frames. Raises `InputError` for what are none."""
    steps, batch, *maps = (given[0], 1, given[1]) if len(given) == 2 else (*given, 0, 0)[:max(
        2, len(given))]
    shape = steps, batch, prod(maps)
    if len(given) < 2 or shape[2] != inputs or 0 in shape:
        raise InputError(
            f"{path}: frames of shape {list(shape)}; the network takes [steps, {inputs}] "
            f"or [steps, batch, {inputs}]"
        )
    if kind.kind not in "biuf":
        raise InputError(f"{path}: frames must be finite real numbers")
    if shape[0] * shape[1] * shape[2] > MOST_VALUES:
        raise InputError(f"{path}: {shape[0] * shape[1]} steps of {inputs} inputs; give at most "
                         f"{MOST_VALUES // inputs} steps a file")
    return shape


def random_input(inputs: int, steps: int, batch: int, rate: float, seed: int) -> Reals:
    """Random spikes [steps, batch, inputs] at `rate`. Raises `InputError` for impossible values."""
    if steps < 1:
        raise InputError(f"steps is {steps}; it must be at least 1")
    if not 0 <= rate <= 1:
        raise InputError(f"rate is {rate}; it must be between 0 and 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be 0 or more")
    if steps * batch * inputs > MOST_RANDOM:
        raise InputError(f"steps is {steps}; with {inputs} inputs give at most "
                         f"{MOST_RANDOM // (batch * inputs)}")
    return (np.random.default_rng(seed).random((steps, batch, inputs)) < rate).astype(np.float64)

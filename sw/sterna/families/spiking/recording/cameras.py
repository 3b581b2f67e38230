"""Recordings of event cameras: column, row, polarity and time of every change.

An event is the input ``(polarity * height + row) * width + column`` of a network that takes both
polarities, the darker first, or ``row * width + column`` of one that does not tell them apart. Its
maps are then [polarities, height, width], as PyTorch has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.recording.binning import Binning, Chunk, Recording, Sensor
from sterna.formats.aedat4 import open_aedat4

NMNIST = Sensor(34, 34)
_EVENT_BYTES, _CARRY_ROW, _CARRY = 5, 240, 1 << 13
"""Of N-MNIST: five bytes an event; one of that row is none, and adds so much to all later times."""
MOST_BYTES = 1 << 27


@dataclass(frozen=True)
class Pixels:
    """Where the events of a sensor go; ``path`` is that of the recording in messages."""

    path: Path
    sensor: Sensor
    inputs: int

    def __post_init__(self) -> None:
        size = self.sensor.width * self.sensor.height
        if self.inputs not in (size, 2 * size):
            raise InputError(
                f"{self.path}: events of {self.sensor} pixels are {2 * size} inputs, or {size} "
                f"without polarity; the network takes {self.inputs}, see --sensor")

    def chunk(self, microseconds: NDArray[Any], columns: NDArray[Any], rows: NDArray[Any],
              brighter: NDArray[Any]) -> Chunk:
        """Events as inputs. Raises `InputError` for one beyond the sensor."""
        x, y = columns.astype(np.int64), rows.astype(np.int64)
        width, height = self.sensor.width, self.sensor.height
        beyond = (x < 0) | (y < 0) | (x >= width) | (y >= height)
        if beyond.any():
            place = int(beyond.argmax())
            raise InputError(f"{self.path}: an event at column {x[place]}, row {y[place]} of "
                             f"{self.sensor} pixels; see --sensor")
        times = microseconds.astype(np.int64)
        if times.size and np.abs(times).max() > 1 << 51:
            raise InputError(f"{self.path}: is damaged (an event at {times.max()} microseconds)")
        told = self.inputs == 2 * width * height
        maps = brighter.astype(np.int64) * height if told else 0
        return Chunk(times * 1000, (maps + y) * width + x)


def aedat4(path: Path, inputs: int, binning: Binning) -> Recording:
    """A recording of an iniVation camera, whose file says its size."""
    found = open_aedat4(path)
    pixels = Pixels(path, binning.sensor or Sensor(found.width, found.height), inputs)

    def chunks() -> Iterator[Chunk]:
        for packet in found.packets():
            yield pixels.chunk(packet["t"], packet["x"], packet["y"], packet["on"])

    return Recording(path, chunks)


def nmnist(path: Path, inputs: int, binning: Binning) -> Recording:
    """A sample of N-MNIST, or of N-Caltech101, whose ``--sensor`` is another.

    Five bytes an event: column, row, a bit of polarity, and 23 of microseconds, the highest first.
    """
    pixels = Pixels(path, binning.sensor or NMNIST, inputs)
    size = path.stat().st_size
    if size % _EVENT_BYTES or size > MOST_BYTES:
        raise InputError(f"{path}: has {size} bytes; the events of N-MNIST have {_EVENT_BYTES} "
                         f"each, {MOST_BYTES} in all at most")

    def chunks() -> Iterator[Chunk]:
        found = np.fromfile(path, np.uint8).reshape(-1, _EVENT_BYTES).astype(np.int64)
        columns, rows = found[:, 0], found[:, 1]
        times = (found[:, 2] & 127) << 16 | found[:, 3] << 8 | found[:, 4]
        carried = rows == _CARRY_ROW
        times = times + _CARRY * np.cumsum(carried)
        kept = ~carried
        yield pixels.chunk(times[kept], columns[kept], rows[kept], found[kept, 2] >> 7)

    return Recording(path, chunks)

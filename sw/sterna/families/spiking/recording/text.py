"""Recordings in lines of text: time, column, row and polarity of a camera, or time and input.

A time with a point is in seconds, a whole one in microseconds; lines of two fields need the point,
as `sterna.families.spiking.event_file` has those of whole steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.event_file import text_lines
from sterna.families.spiking.recording.binning import Binning, Chunk, Recording
from sterna.families.spiking.recording.cameras import Pixels

_LINES = 1 << 16
"""Of a chunk."""
_TIME = r"([0-9]{1,15}|[0-9]{1,12}(?:\.[0-9]{0,12})?(?:e[+-]?[0-9]{1,2})?)"
_GAP, _PLACE = r"[\s,]+", "([0-9]{1,9})"
_CAMERA = re.compile(_GAP.join((_TIME, _PLACE, _PLACE, "(0|1|-1)")))
_CHANNELS = re.compile(rf"{_TIME}{_GAP}{_PLACE}")
_LATEST = 2.0**61


def text(path: Path, inputs: int, binning: Binning) -> Recording | None:
    """The recording, or None for a file of another kind: the first line tells."""
    first = next(_kept(path), None)
    if first is None:
        return None
    if _CAMERA.fullmatch(first[1]):
        return _camera(path, inputs, binning)
    found = _CHANNELS.fullmatch(first[1])
    return _channels(path, inputs) if found is not None and not found[1].isdecimal() else None


def _camera(path: Path, inputs: int, binning: Binning) -> Recording:
    if binning.sensor is None:
        raise InputError(f"{path}: holds columns and rows; give --sensor, such as 128x128")
    pixels = Pixels(path, binning.sensor, inputs)

    def chunk(rows: list[tuple[str, ...]]) -> Chunk:
        times = np.array([_nanoseconds(row[0]) for row in rows], np.int64)
        x, y, polarity = np.array([row[1:] for row in rows], np.int64).T
        made = pixels.chunk(times // 1000, x, y, polarity > 0)
        return Chunk(times, made.inputs)

    return Recording(path, _chunks(path, _CAMERA, "time column row polarity", chunk))


def _channels(path: Path, inputs: int) -> Recording:
    def chunk(rows: list[tuple[str, ...]]) -> Chunk:
        times = np.array([_nanoseconds(row[0]) for row in rows], np.int64)
        channels = np.array([row[1] for row in rows], np.int64)
        if channels.max() >= inputs:
            raise InputError(f"{path}: an event at input {channels.max()}; inputs end at "
                             f"{inputs - 1}")
        return Chunk(times, channels)

    return Recording(path, _chunks(path, _CHANNELS, "time input", chunk), 0)


def _chunks(path: Path, form: re.Pattern[str], told: str,
            chunk: Callable[[list[tuple[str, ...]]], Chunk]) -> Callable[[], Iterator[Chunk]]:
    def read() -> Iterator[Chunk]:
        rows: list[tuple[str, ...]] = []
        for number, line in _kept(path):
            found = form.fullmatch(line)
            if found is None:
                raise InputError(f"{path}, line {number}: not {told}, as the first is")
            rows.append(found.groups())
            if len(rows) == _LINES:
                yield chunk(rows)
                rows = []
        if rows:
            yield chunk(rows)

    return read


def _kept(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers."""
    for number, line in text_lines(path):
        if found := line.partition("#")[0].strip():
            yield number, found


def _nanoseconds(time: str) -> int:
    if time.isdecimal():
        return int(time) * 1000
    found = float(time) * 1e9
    return round(min(found, _LATEST))

"""Samples in HDF5 as the Spiking Heidelberg Digits have them, and the Speech Commands (SSC).

``spikes/times`` and ``spikes/units`` have an array a sample, of seconds and of input channels;
``labels`` its class.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.recording.binning import MOST_EVENTS, Chunk
from sterna.reading import require_file

_BROKEN = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError)
"""What h5py raises for a file that is not whole."""
FORM = "give spikes/times and spikes/units, an array a sample, and labels"


@dataclass(frozen=True)
class Samples:
    """The first samples of a file; ``total`` are there."""

    chunks: list[Chunk]
    labels: NDArray[np.int64]
    total: int


def read_shd(path: Path, inputs: int, count: int | None) -> Samples:
    """The first ``count`` samples, of all by None.

    Raises `InputError` naming the sample that is wrong.
    """
    with _opened(path) as file:
        times, units, labels = file["spikes/times"], file["spikes/units"], file["labels"]
        total = len(times)
        if not total or times.ndim != 1 or not times.shape == units.shape == labels.shape:
            raise ValueError(f"times of shape {list(times.shape)}, units {list(units.shape)}, "
                             f"labels {list(labels.shape)}")
        if labels.dtype.kind not in "iu":
            raise ValueError(f"labels are {labels.dtype}")
        chunks, events = [], 0
        for place in range(total if count is None else min(count, total)):
            chunks.append(_chunk(path, place, times[place], units[place], inputs))
            events += chunks[-1].times.size
            if events > MOST_EVENTS:
                raise InputError(f"{path}: give --samples {max(1, place)} or fewer, which have "
                                 f"{MOST_EVENTS} events")
        return Samples(chunks, labels[:len(chunks)].astype(np.int64), total)


def _chunk(path: Path, place: int, times: Any, units: Any, inputs: int) -> Chunk:
    times, units = np.asarray(times, np.float64), np.asarray(units)
    what = f"{path}: sample {place}"
    if times.shape != units.shape or times.ndim != 1 or units.size and units.dtype.kind not in "iu":
        raise InputError(f"{what}: {times.size} times of {units.size} units")
    if not (np.isfinite(times) & (times >= 0) & (times < 1e9)).all():
        raise InputError(f"{what}: times must be seconds, 0 or more")
    if units.size and not 0 <= int(units.min()) <= int(units.max()) < inputs:
        raise InputError(f"{what}: units {units.min()} to {units.max()}; the network takes "
                         f"{inputs} inputs")
    return Chunk(np.rint(times * 1e9).astype(np.int64), units.astype(np.int64))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    require_file(path)
    import h5py

    try:
        with h5py.File(path) as file:
            yield file
    except InputError:
        raise
    except _BROKEN as error:
        told = str(error).split("\n", 1)[0]
        raise InputError(f"{path}: is damaged or holds no samples ({told}); {FORM}") from None

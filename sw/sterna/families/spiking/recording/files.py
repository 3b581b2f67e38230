"""Recordings by the ends of their names, and folders of them that are samples of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.recording.binning import MOST_EVENTS, Binning, Chunk, Recording
from sterna.families.spiking.recording.cameras import aedat4, nmnist
from sterna.families.spiking.recording.shd import read_shd
from sterna.families.spiking.recording.text import text
from sterna.progress import Report

Opener = Callable[[Path, int, Binning], Recording | None]
OPENERS: dict[str, Opener] = {".aedat4": aedat4, ".bin": nmnist}
"""By the end of its name what opens a file; `text` opens the others."""
HDF5 = (".h5", ".hdf5")
OTHERS = {".aedat": "AEDAT of a version before 4", ".raw": "a Prophesee recording",
          ".dat": "a Prophesee recording", ".hdf": "HDF5 of another name; call it .h5"}


def open_recording(path: Path, inputs: int, binning: Binning) -> Recording | None:
    """The recording of a file, or None for one of steps in text. Raises `InputError`."""
    if path.suffix in OTHERS:
        raise InputError(f"{path}: is {OTHERS[path.suffix]}; give AEDAT 4 (.aedat4), N-MNIST "
                         "(.bin), SHD (.h5), .npz, .npy or lines of text")
    return OPENERS.get(path.suffix, text)(path, inputs, binning)


@dataclass(frozen=True)
class Samples:
    """Samples as events, three numbers each: sample, step and input; and the class of each."""

    events: NDArray[np.int64] = field(repr=False)
    labels: NDArray[np.int64]


def read_samples(path: Path, inputs: int, binning: Binning, most: int, report: Report) -> Samples:
    """The samples of a file in HDF5, or of a folder with a folder a class.

    Those of a folder come class by turns, so that a part has all. Raises `InputError` where their
    frames have more than `most` values.
    """
    step = binning.nanoseconds(path)
    if path.is_dir():
        files = _by_turns(path)[:binning.samples]
        chunks = []
        for done, (file, _) in enumerate(files):
            chunks.append(_steps_of(file, inputs, binning, step))
            if sum(item.times.size for item in chunks) > MOST_EVENTS:
                raise InputError(f"{path}: give --samples {max(1, done)} or fewer, which have "
                                 f"{MOST_EVENTS} events")
            report(f"reading {path.name}", done + 1, len(files))
        labels = np.array([label for _, label in files], np.int64)
    else:
        found = read_shd(path, inputs, binning.samples)
        chunks = [Chunk(item.times // step, item.inputs) for item in found.chunks]
        labels = found.labels
    events = np.concatenate([np.stack([
        np.full(chunk.times.size, sample), chunk.times, chunk.inputs], 1)
        for sample, chunk in enumerate(chunks)])
    if not len(events):
        raise InputError(f"{path}: holds no events")
    steps = int(events[:, 1].max()) + 1
    if steps * len(labels) * inputs > most:
        raise InputError(f"{path}: {len(labels)} samples of {steps} steps of {inputs} inputs; give "
                         f"--samples {most // (steps * inputs)} or fewer, or another --dt")
    return Samples(events, labels)


def _steps_of(path: Path, inputs: int, binning: Binning, step: int) -> Chunk:
    recording = open_recording(path, inputs, binning)
    if recording is None:
        raise InputError(f"{path}: is no recording; a folder of samples takes AEDAT 4 (.aedat4), "
                         "N-MNIST (.bin) and lines with times")
    found = recording.whole()
    first = recording.starts
    if first is None:
        first = int(found.times[0]) if found.times.size else 0
    return Chunk((found.times - first) // step, found.inputs)


def _by_turns(path: Path) -> list[tuple[Path, int]]:
    """The files of the folders, and of each the class: the folder's number, or its place."""
    folders = sorted(item for item in path.iterdir() if item.is_dir() and item.name[0] != ".")
    names = [folder.name for folder in folders]
    numbers = [int(name) if name.isascii() and name.isdecimal() and len(name) < 7 else None
               for name in names]
    classes = range(len(names)) if None in numbers else numbers
    files = [[(file, label) for file in sorted(folder.iterdir())
              if file.is_file() and file.name[0] != "."]
             for folder, label in zip(folders, classes, strict=True)]
    found = [item for turn in zip_longest(*files) for item in turn if item is not None]
    if not found:
        raise InputError(f"{path}: has no samples; give a folder for each class with its "
                         "recordings in it")
    return [(file, int(label or 0)) for file, label in found]

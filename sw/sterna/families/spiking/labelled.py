"""Samples with labels in an ``.npz``: frames or events, and the class of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.array_file import array_names, open_array
from sterna.families.spiking.input_file import MOST_VALUES, InputFile, open_input, sampled
from sterna.families.spiking.recording.binning import Binning
from sterna.families.spiking.recording.files import HDF5, read_samples
from sterna.progress import Report

LABELS, EVENTS = "labels", "events"
FORM = ("give an .npz with frames [steps, samples, inputs], or events [events, 3] of sample, step "
        "and address, and labels [samples]; or recordings: SHD (.h5), a folder a class")


@dataclass(frozen=True)
class Labelled:
    """Inputs [steps, samples, inputs] of a file, and the class of each sample."""

    inputs: InputFile
    labels: NDArray[np.int64] = field(repr=False)


def open_labelled(path: Path, inputs: int, classes: int, binning: Binning | None = None,
                  report: Report | None = None) -> Labelled:
    """The samples of a file, or folder of recordings, for a network of so many inputs and outputs:
    the first ones, where the ``binning`` says how many.

    Raises `InputError` naming what is wrong with it.
    """
    binning = binning or Binning()
    if path.suffix in HDF5 or path.is_dir():
        found = read_samples(path, inputs, binning, MOST_VALUES, report or Report())
        _check_labels(path, found.labels, classes)
        return Labelled(sampled(path, found.events, found.labels.size, inputs), found.labels)
    names = array_names(path) if path.suffix == ".npz" else ()
    if LABELS not in names:
        told = f" has no array {LABELS} but {', '.join(names)}" if names else " has no labels"
        raise InputError(f"{path}:{told}; {FORM}")
    labels = _whole(path, LABELS)
    _check_labels(path, labels, classes)
    found = (sampled(path, _whole(path, EVENTS), labels.size, inputs) if EVENTS in names
             else open_input(path, inputs))
    if found.shape[1] != labels.size:
        swapped = ("; its first axes look exchanged, save np.swapaxes(frames, 0, 1)"
                   if found.shape[0] == labels.size else "")
        raise InputError(f"{path}: {labels.size} labels for {found.shape[1]} samples{swapped}")
    return Labelled(found.first(binning.samples), labels[:binning.samples])


def _check_labels(path: Path, labels: NDArray[np.int64], classes: int) -> None:
    if labels.ndim != 1 or not labels.size or labels.min() < 0 or labels.max() >= classes:
        reach = f" of {labels.min()} to {labels.max()}" if labels.size else ""
        raise InputError(f"{path}: {LABELS} of shape {list(labels.shape)}{reach}; give one for "
                         f"each sample, from 0 to {classes - 1}")


def _whole(path: Path, name: str) -> NDArray[np.int64]:
    array = open_array(path, name)
    if array.dtype.kind not in "biu" or np.prod(array.shape) > MOST_VALUES:
        raise InputError(f"{path}: {name} are {array.dtype} {list(array.shape)}, not whole numbers "
                         f"of which there are at most {MOST_VALUES}")
    blocks = list(array.blocks(max(1, array.shape[0])))
    return np.concatenate([np.zeros((0, *array.shape[1:]), np.int64), *blocks]).astype(np.int64)

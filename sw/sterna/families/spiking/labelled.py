"""Samples with labels in an ``.npz``: frames or events, and the class of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.array_file import array_names, open_array
from sterna.families.spiking.event_file import Events
from sterna.families.spiking.input_file import MOST_VALUES, InputFile, open_input

LABELS, EVENTS = "labels", "events"
FORM = ("give an .npz with frames [steps, samples, inputs], or events [events, 3] of sample, step "
        "and address, and labels [samples]")


@dataclass(frozen=True)
class Labelled:
    """Inputs [steps, samples, inputs] of a file, and the class of each sample."""

    inputs: InputFile
    labels: NDArray[np.int64] = field(repr=False)


def open_labelled(path: Path, inputs: int, classes: int) -> Labelled:
    """The samples of a file for a network of so many inputs and outputs.

    Raises `InputError` naming what is wrong with it.
    """
    names = array_names(path) if path.suffix == ".npz" else ()
    if LABELS not in names:
        told = f" has no array {LABELS} but {', '.join(names)}" if names else " has no labels"
        raise InputError(f"{path}:{told}; {FORM}")
    labels = _whole(path, LABELS)
    if labels.ndim != 1 or not labels.size or labels.min() < 0 or labels.max() >= classes:
        reach = f" of {labels.min()} to {labels.max()}" if labels.size else ""
        raise InputError(f"{path}: {LABELS} of shape {list(labels.shape)}{reach}; give one for "
                         f"each sample, from 0 to {classes - 1}")
    if EVENTS in names:
        return Labelled(_events(path, _whole(path, EVENTS), labels.size, inputs), labels)
    found = open_input(path, inputs)
    if found.shape[1] != labels.size:
        swapped = ("; its first axes look exchanged, save np.swapaxes(frames, 0, 1)"
                   if found.shape[0] == labels.size else "")
        raise InputError(f"{path}: {labels.size} labels for {found.shape[1]} samples{swapped}")
    return Labelled(found, labels)


def _whole(path: Path, name: str) -> NDArray[np.int64]:
    array = open_array(path, name)
    if array.dtype.kind not in "biu" or np.prod(array.shape) > MOST_VALUES:
        raise InputError(f"{path}: {name} are {array.dtype} {list(array.shape)}, not whole numbers "
                         f"of which there are at most {MOST_VALUES}")
    blocks = list(array.blocks(max(1, array.shape[0])))
    return np.concatenate([np.zeros((0, *array.shape[1:]), np.int64), *blocks]).astype(np.int64)


def _events(path: Path, events: NDArray[np.int64], samples: int, inputs: int) -> InputFile:
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
    read: Callable[[int], Any] = found.blocks
    return InputFile(path, (steps, samples, inputs), read)

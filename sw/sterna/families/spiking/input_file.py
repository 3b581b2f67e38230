"""Inputs of spiking networks: frames in ``.npz`` or ``.npy``, events as lines of step and address.

A file of events has a line ``step,address`` or ``step,address,value`` for each (value 1 unless
given, several at one place add up); ``#`` begins a comment.
"""

from __future__ import annotations

import zlib
from math import isfinite
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError

Reals = NDArray[np.float64]

MOST_VALUES = 1 << 27
"""Values of the largest file of events, a gigabyte of them."""


def read_input(path: Path, inputs: int) -> Reals:
    """Frames [steps, batch, inputs]; a file of [steps, inputs] gives a batch of 1.

    Of an ``.npz`` the array ``frames`` is taken, or the only one. Raises `InputError` naming what
    is wrong with the file.
    """
    if not path.is_file():
        raise InputError(f"{path}: file not found")
    frames = _arrays(path) if path.suffix in (".npz", ".npy") else _events(path, inputs)
    if frames.ndim == 2:
        frames = frames[:, None]
    if frames.ndim != 3 or frames.shape[2] != inputs or not frames.size:
        raise InputError(
            f"{path}: frames of shape {list(frames.shape)}; the network takes [steps, {inputs}] "
            f"or [steps, batch, {inputs}]"
        )
    if frames.dtype.kind not in "biuf" or not np.isfinite(frames).all():
        raise InputError(f"{path}: frames must be finite real numbers")
    with np.errstate(over="ignore"):
        values = frames.astype(np.float64)
    if not np.isfinite(values).all():
        raise InputError(f"{path}: frames must be numbers that double precision has")
    return values


def _arrays(path: Path) -> NDArray:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            names = loaded.files
            if "frames" not in names and len(names) != 1:
                raise InputError(f"{path}: holds {', '.join(names)}; name one of them frames")
            return loaded["frames" if "frames" in names else names[0]]
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise InputError(f"{path}: is damaged or holds no arrays ({error})") from None


def _events(path: Path, inputs: int) -> Reals:
    events: list[tuple[int, int, float]] = []
    try:
        lines = path.read_text().splitlines()
    except (UnicodeDecodeError, OSError):
        raise InputError(f"{path}: is no text; give .npz, .npy or lines of step,address") from None
    for number, line in enumerate(lines, 1):
        fields = line.partition("#")[0].replace(",", " ").split()
        if not fields:
            continue
        try:
            step, address = int(fields[0]), int(fields[1])
            value = float(fields[2]) if len(fields) > 2 else 1.0
            if len(fields) > 3 or not isfinite(value):
                raise ValueError
        except (ValueError, IndexError):
            raise InputError(f"{path}, line {number}: not step,address or with a value") from None
        if step < 0 or not 0 <= address < inputs:
            raise InputError(
                f"{path}, line {number}: step {step}, address {address}; steps begin at 0, "
                f"addresses end at {inputs - 1}"
            )
        events.append((step, address, value))
    if not events:
        raise InputError(f"{path}: holds no events; give lines of step,address")
    steps = 1 + max(step for step, _, _ in events)
    if steps * inputs > MOST_VALUES:
        raise InputError(f"{path}: {steps} steps of {inputs} inputs; give at most "
                         f"{MOST_VALUES // inputs} steps a file")
    frames = np.zeros((steps, inputs))
    for step, address, value in events:
        frames[step, address] += value
    return frames


def random_input(inputs: int, steps: int, batch: int, rate: float, seed: int) -> Reals:
    """Random spikes [steps, batch, inputs] at `rate`. Raises `InputError` for impossible values."""
    if steps < 1:
        raise InputError(f"steps is {steps}; it must be at least 1")
    if not 0 <= rate <= 1:
        raise InputError(f"rate is {rate}; it must be between 0 and 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be 0 or more")
    return (np.random.default_rng(seed).random((steps, batch, inputs)) < rate).astype(np.float64)

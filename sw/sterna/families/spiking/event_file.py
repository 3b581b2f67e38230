"""Events in lines of text, kept as they come and put into frames a block at a time."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.progress import Report

MOST_EVENTS = 1 << 24
LONGEST_LINE = 4096
"""Letters."""
_TOLD = 1 << 16
"""Lines after which the report hears of them."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True)
class Events:
    """Places ``step * inputs + address``, in order, and the value of each."""

    steps: int
    inputs: int
    places: NDArray[np.int64]
    values: NDArray[np.float64]

    def blocks(self, rows: int) -> Iterator[NDArray[np.float64]]:
        """Frames [at most `rows`, inputs], one after the other."""
        for first in range(0, self.steps, rows):
            block = np.zeros((min(rows, self.steps - first), self.inputs))
            start = first * self.inputs
            low, high = np.searchsorted(self.places, (start, start + block.size))
            with np.errstate(over="ignore", invalid="ignore"):
                np.add.at(block.reshape(-1), self.places[low:high] - start, self.values[low:high])
            yield block


def read_events(path: Path, inputs: int, most: int, report: Report) -> Events:
    """The events of a file whose frames have at most `most` values.

    Raises `InputError` naming the line that is wrong.
    """
    places, values, last = array("q"), array("d"), 0
    size, read = max(1, path.stat().st_size), 0
    for number, line in text_lines(path):
        read += len(line)
        if not number % _TOLD:
            report(f"reading {path.name}", min(read, size), size)
        fields = line.partition("#")[0].replace(",", " ").split()
        if not fields:
            continue
        step, address, value = _event(path, number, fields)
        if step < 0 or not 0 <= address < inputs:
            raise InputError(
                f"{path}, line {number}: step {step}, address {address}; steps begin at 0, "
                f"addresses end at {inputs - 1}"
            )
        last = max(last, step)
        if (last + 1) * inputs > most:
            raise InputError(f"{path}, line {number}: step {step} of {inputs} inputs; give at "
                             f"most {most // inputs} steps a file")
        if len(places) == MOST_EVENTS:
            raise InputError(f"{path}, line {number}: give at most {MOST_EVENTS} events a file")
        places.append(step * inputs + address)
        values.append(value)
    if not places:
        raise InputError(f"{path}: holds no events; give lines of step,address")
    found, counts = np.frombuffer(places, np.int64), np.frombuffer(values, np.float64)
    if (np.diff(found) < 0).any():
        order = np.argsort(found, kind="stable")
        found, counts = found[order], counts[order]
    return Events(last + 1, inputs, found, counts)


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a file and their numbers. Raises `InputError` for what is no text."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE and not line.endswith("\n"):
                    raise InputError(f"{path}, line {number}: is longer than {LONGEST_LINE} "
                                     "letters; give lines of step,address")
                yield number, line
    except (UnicodeDecodeError, OSError):
        raise InputError(f"{path}: is no text; give .npz, .npy or lines of step,address") from None


def _event(path: Path, number: int, fields: list[str]) -> tuple[int, int, float]:
    step, address, *more = [*fields, ""][:max(2, len(fields))]
    try:
        value = float(more[0]) if more else 1.0
    except ValueError:
        value = float("nan")
    if not (_WHOLE.fullmatch(step) and _WHOLE.fullmatch(address) and len(more) < 2
            and isfinite(value) and "_" not in "".join(more) and "".join(more).isascii()):
        raise InputError(f"{path}, line {number}: not step,address or with a value")
    return int(step), int(address), value

"""A RESULT frame as words: what units counted, and what each of them sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sterna.machine.machine import Machine
from sterna.machine.protocol import counter_words

Words32 = NDArray[np.uint32]


@dataclass(frozen=True)
class RunResult:
    """What a RUN sends: ``counters`` by name, and words by unit and data path.

    Units that all data paths share are under path None.
    """

    counters: Mapping[str, int]
    words: Mapping[tuple[str, int | None], Words32]


def read_result(machine: Machine, payload: bytes, paths: Iterable[int]) -> RunResult:
    """The payload of a RESULT frame without the session, of the data paths that ran."""
    words = np.frombuffer(payload, "<u4")
    counts = words[:counter_words(machine)].tolist()
    names = (counter.name for counter in machine.counters)
    counters = dict(zip(names, counts, strict=True))
    found: dict[tuple[str, int | None], Words32] = {}
    position = len(counts)
    for path in (*sorted(paths), None):
        for unit in machine.units:
            if unit.per_stream == (path is not None):
                size = unit.result_words(machine)
                found[unit.name, path] = words[position:position + size]
                position += size
    return RunResult(counters, found)

"""The head: the best of the logits."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import RESULT_SCALAR
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.protocol import NO_ROW


class HeadUnit(EmulatedUnit):
    """Sends the scale, and the best words that matrix commands gave it with their rows."""

    def result(self, path: Path, rows: int) -> bytes:
        top_k = self.machine.head.top_k
        values = np.concatenate([np.zeros(0, np.int64), *path.head])[:rows]
        best = best_rows(values, top_k)
        pairs = np.zeros((top_k, 2), np.int64)
        pairs[:, 1] = NO_ROW
        pairs[:len(best), 0], pairs[:len(best), 1] = values[best], best
        mantissa, exponent = path.registers[RESULT_SCALAR]
        return struct.pack("<Ii", mantissa, exponent) + (
            pairs & 0xFFFF_FFFF).astype("<u4").tobytes()


def best_rows(values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Places of the largest values, the best first; of equal values the earlier is better."""
    candidates = np.arange(len(values))
    if len(values) > count:
        least = np.partition(values, len(values) - count)[len(values) - count]
        candidates = np.flatnonzero(values >= least)
    return candidates[np.argsort(-values[candidates], kind="stable")][:count]

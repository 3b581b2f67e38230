"""The ternary engine: a matrix command as one product."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sterna.machine.emulator.path import Path
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import Destination
from sterna.machine.weight_words import unpack_words
from sterna.machine.words import Words

KEPT_BYTES = 1 << 30
"""Of matrices that are unpacked once; larger models are unpacked at every token."""
_EXACT = 1 << 24
"""Below this float32 holds every integer."""


@dataclass
class MatrixCommand:
    """A MATMUL instruction: its weight words, the codes that it takes, where its sums go."""

    machine: Machine
    fields: dict[str, int]
    words: Words = field(repr=False)
    """Those of the command, in the order of use."""
    codes: int
    """Number of the code vector."""
    first: int
    """Of the groups among the run's accumulators."""
    kept: bool

    def __call__(self, path: Path) -> None:
        """Execute on a data path."""
        matrix = self._kept if self.kept else self._matrix()
        codes = path.codes[self.codes]
        taken = np.zeros(matrix.shape[1], matrix.dtype)
        count = min(len(codes), len(taken))
        taken[:count] = codes[:count]
        sums = (matrix @ taken).astype(np.int64)
        machine = self.machine
        if path.trace is not None:
            path.trace.accumulators.append(sums.reshape(-1, machine.ternary.rows))
        limit = machine.vector.word_limit
        sums = np.clip(sums, -limit, limit)
        if self.fields["destination"] == Destination.HEAD:
            path.head.append(sums)
            return
        groups = sums.reshape(-1, machine.vector.lanes)
        path.accumulators[self.first:self.first + len(groups)] = groups

    @cached_property
    def _kept(self) -> NDArray[np.floating]:
        return self._matrix()

    def _matrix(self) -> NDArray[np.floating]:
        """[rows, columns] of all blocks, in a type in which the sums are exact."""
        ternary, fields = self.machine.ternary, self.fields
        trits = unpack_words(self.machine, self.words)
        ordered = trits.reshape(
            fields["blocks"], fields["tiles"], fields["groups"], ternary.rows, ternary.columns)
        columns = fields["tiles"] * ternary.columns
        dense = ordered.transpose(0, 2, 3, 1, 4).reshape(-1, columns)
        return dense.astype(np.float32 if 127 * columns < _EXACT else np.float64)

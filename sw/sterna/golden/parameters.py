"""Parameters of a program as the executor uses them, each fetched once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.golden import arithmetic
from sterna.golden.matrices import MatrixStore
from sterna.golden.neuron import NeuronLaw
from sterna.golden.scalars import ScalarFloat
from sterna.golden.windows import windowed
from sterna.law.planes import reach, whole_weights
from sterna.law.window import Window
from sterna.program.definition import Program
from sterna.program.neurons import Neurons, Synapses

Key = tuple[str, int, str]
_EXACT = 1 << 24
"""Up to here float32 holds every integer."""


class Taps(NamedTuple):
    """Synapses by how many RUNs back they take codes.

    ``weights`` are [RUNs back, sources by sources; targets], in a float that holds every sum; those
    of a window are as it has them.
    """

    back: list[int]
    weights: NDArray[np.floating]
    window: Window | None = None

    def sums(self, found: list[NDArray[np.int64]]) -> NDArray[np.int64]:
        """Of codes [streams, sources], those of each RUN back in order: [streams, targets]."""
        if self.window is not None:
            return windowed(self.window, found[0], self.weights).astype(np.int64)
        taken = found[0] if len(found) == 1 else np.concatenate(found, 1)
        return (taken.astype(self.weights.dtype) @ self.weights).astype(np.int64)


class KeptParameters:
    """What is fetched from ``program.parameters`` at its first use; executors may share it.

    ``matrix_budget`` is how many bytes of trits are kept.
    """

    def __init__(self, program: Program, matrix_budget: int) -> None:
        self._program, parameters = program, program.parameters
        self.matrices = MatrixStore(lambda key: parameters.planes(*key), matrix_budget)
        self.tables = {name: arithmetic.lookup_values(table, program.word_bits)
                       for name, table in program.tables.items()}
        self._vectors: dict[Key, Tensor] = {}
        self._scalars: dict[Key, ScalarFloat] = {}
        self._taps: dict[tuple[Key, bool], Taps] = {}
        self._neurons: dict[Key, NeuronLaw] = {}

    def vector(self, key: Key) -> Tensor:
        """A constant vector, int64 [elements]."""
        if key not in self._vectors:
            values = self._program.parameters.vector(*key)
            self._vectors[key] = torch.from_numpy(values.astype(np.int64))
        return self._vectors[key]

    def scalar(self, key: Key) -> ScalarFloat:
        """A scalar constant."""
        if key not in self._scalars:
            value = self._program.parameters.scalar(*key)
            self._scalars[key] = ScalarFloat(value.mantissa, value.exponent)
        return self._scalars[key]

    def neurons(self, key: Key, item: Neurons) -> NeuronLaw:
        """The law of a population. Raises `InputError` for parameters that do not fit it."""
        if key not in self._neurons:
            parameters = self._program.parameters.neurons(*key)
            self._neurons[key] = NeuronLaw(item.definition, parameters, item.length)
        return self._neurons[key]

    def taps(self, key: Key, synapses: Synapses) -> Taps:
        """The weights of synapses."""
        kept = key, synapses.previous
        if kept not in self._taps:
            back = np.zeros(1, np.int64)
            matrix = self._program.matrix(key[0], key[2])
            weights = whole_weights(self._program.parameters.planes(*key))
            if matrix.window is not None:
                return Taps([int(synapses.previous)], weights.astype(np.float64), matrix.window)
            weights = weights.T
            if matrix.delay:
                delays = self._program.parameters.delays(*key)
                back = np.unique(delays).astype(np.int64)
                weights = np.concatenate(
                    [np.where(delay == delays.T, weights, 0) for delay in back])
            small = reach(weights.T) < _EXACT
            self._taps[kept] = Taps((back + synapses.previous).tolist(),
                                    weights.astype(np.float32 if small else np.float64))
        return self._taps[kept]

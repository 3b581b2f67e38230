"""Parameters of a program as the executor uses them, each fetched once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.golden import arithmetic, scalars
from sterna.golden.matrices import MatrixStore
from sterna.golden.neuron import NeuronLaw
from sterna.golden.scalars import ScalarFloat
from sterna.law.planes import whole_weights
from sterna.program.definition import Program
from sterna.program.neurons import Neurons, Synapses

Key = tuple[str, int, str]
Taps = list[tuple[int, NDArray[np.float64]]]


class KeptParameters:
    """What is fetched from ``program.parameters`` at its first use; executors may share it.

    ``matrix_budget`` is how many bytes of trits are kept.
    """

    def __init__(self, program: Program, matrix_budget: int) -> None:
        self._program, parameters = program, program.parameters
        self.matrices = MatrixStore(lambda key: parameters.matrix(*key), matrix_budget)
        self.tables = {name: arithmetic.lookup_values(table, program.word_bits)
                       for name, table in program.tables.items()}
        self._vectors: dict[Key, Tensor] = {}
        self._scalars: dict[tuple[Key, int], ScalarFloat] = {}
        self._taps: dict[tuple[Key, bool], Taps] = {}
        self._neurons: dict[Key, NeuronLaw] = {}

    def vector(self, key: Key) -> Tensor:
        """A constant vector, int64 [elements]."""
        if key not in self._vectors:
            values = self._program.parameters.vector(*key)
            self._vectors[key] = torch.from_numpy(values.astype(np.int64))
        return self._vectors[key]

    def scalar(self, key: Key, streams: int) -> ScalarFloat:
        """A scalar constant, the same in every stream."""
        if (key, streams) not in self._scalars:
            value = self._program.parameters.scalar(*key)
            self._scalars[key, streams] = scalars.constant(value.mantissa, value.exponent, streams)
        return self._scalars[key, streams]

    def neurons(self, key: Key, item: Neurons) -> NeuronLaw:
        """The law of a population. Raises `InputError` for parameters that do not fit it."""
        if key not in self._neurons:
            parameters = self._program.parameters.neurons(*key)
            self._neurons[key] = NeuronLaw(item.definition, parameters, item.length)
        return self._neurons[key]

    def taps(self, key: Key, synapses: Synapses) -> Taps:
        """RUNs back, and weights [sources, targets] of the synapses that take codes of then.

        float64 is exact, for sums stay below 2**53.
        """
        kept = key, synapses.previous
        if kept not in self._taps:
            first = int(synapses.previous)
            weights = whole_weights(self._program.parameters.planes(*key)).astype(np.float64).T
            if self._program.matrix(key[0], key[2]).delay:
                delays = self._program.parameters.delays(*key)
                self._taps[kept] = [
                    (first + int(delay), np.where(delay == delays.T, weights, 0.0))
                    for delay in np.unique(delays)]
            else:
                self._taps[kept] = [(first, weights)]
        return self._taps[kept]

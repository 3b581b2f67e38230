"""Parameters of a lowered RWKV, computed from the model when they are asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.codes import ROW_FRACTION, digit_scalars
from sterna.families.layers.ones import UNIT, UNIT_WORD
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import EDGE, EDGE_VALUE, WORD_BITS
from sterna.families.layers.weights import RowScaled, row_scaled
from sterna.families.rwkv.formats import HEAD, WORD_LIMIT, Formats
from sterna.families.rwkv.layout import LAST_NORM, layer_key
from sterna.families.rwkv.weights import RwkvModel
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.planes import ternary_planes
from sterna.program.definition import Parameters, ScalarConstant

F = TypeVar("F", bound=Formats)
_ROWS = 4096
"""Embedding rows that are made at a time."""
_KEPT = 16
"""Matrices that are in memory at a time: those of two layers and the head, or of one layer."""


class RwkvParameters(Parameters, Generic[F]):
    """The parameters of a model, matrix by matrix; ``scalars`` are those of its norms."""

    def __init__(self, model: RwkvModel, formats: F,
                 scalars: Mapping[str, ScalarConstant]) -> None:
        self.model, self.formats = model, formats
        self._scalars = {EDGE: EDGE_VALUE, **digit_scalars(), **scalars}
        self._scaled: Callable[[str, int], RowScaled] = lru_cache(_KEPT)(self._row_scaled)
        self._rows: NDArray[np.int32] | None = None

    @abstractmethod
    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        """A matrix of the program [rows, columns] as real numbers."""

    def layer(self, section: str, repetition: int) -> int:
        """The layer that a repetition of a section is."""
        del section
        return repetition

    def planes(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits [planes, rows, columns]."""
        layer = self.layer(section, repetition)
        return ternary_planes(self._scaled(name, layer).weights, self.formats.planes[name])

    def matrix(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Those of a matrix of one plane."""
        return self.planes(section, repetition, name)[0]

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Gains and biases of norms, scales of rows, ones."""
        formats, model, layer = self.formats, self.model, self.layer(section, repetition)
        if name == UNIT:
            return np.full(model.config.hidden_size, UNIT_WORD, np.int32)
        owner, _, what = name.rpartition("_")
        if what == "rows":
            scales = self._scaled(owner, layer).scales
            return words(scales / scales.max(), ROW_FRACTION)
        key = {HEAD: LAST_NORM}.get(section) or layer_key(layer, f"ln{owner[-1]}")
        part, fraction = {"gain": ("weight", formats.gain_fraction),
                          "bias": ("bias", formats.normed_fraction)}[what]
        return words(model.tensor(f"{key}.{part}").astype(np.float64), fraction)

    def scalar(self, section: str, repetition: int, name: str) -> ScalarConstant:
        """Those of norms, and what a delivered word of a matrix is worth."""
        if name in self._scalars:
            return self._scalars[name]
        matrix, formats = name.removesuffix("_unit"), self.formats
        largest = float(self._scaled(matrix, self.layer(section, repetition)).scales.max())
        exponent = (formats.shift(matrix) + formats.result_fraction(matrix)
                    - formats.source_fraction(matrix))
        return scalar_constant(largest / CODE_LIMIT * 2.0**exponent, WORD_BITS)

    def embedding(self, token: int) -> NDArray[np.int32]:
        """The embedding row behind its norm."""
        if self._rows is None:
            every = list(range(self.model.config.vocab_size))
            self._rows = np.concatenate([
                words(self.model.rows(every[first:first + _ROWS]),
                      self.formats.residual_fraction)
                for first in range(0, len(every), _ROWS)])
        return self._rows[token]

    def _row_scaled(self, name: str, layer: int) -> RowScaled:
        return row_scaled(self.weights(name, layer), self.formats.planes[name])


def words(values: NDArray[np.floating], fraction: int) -> NDArray[np.int32]:
    """Words of so many bits of fraction, the nearest."""
    return np.clip(np.floor(values * 2.0**fraction + 0.5), -WORD_LIMIT, WORD_LIMIT).astype(np.int32)

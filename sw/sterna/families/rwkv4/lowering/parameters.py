"""Parameters of a lowered RWKV-4, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.codes import ROW_FRACTION, digit_scalars
from sterna.families.layers.norm import LayerNorm
from sterna.families.layers.ones import UNIT, UNIT_WORD
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.shift import MIX_FRACTION
from sterna.families.layers.tables import EDGE, EDGE_VALUE, WORD_BITS
from sterna.families.layers.weights import RowScaled, row_scaled
from sterna.families.rwkv4.layout import BONUS, DECAY, LAST_NORM, MATRICES, SHIFTED, layer_key
from sterna.families.rwkv4.layout import HEAD as HEAD_KEY
from sterna.families.rwkv4.lowering.formats import HEAD, WORD_LIMIT, Formats
from sterna.families.rwkv4.weights import RwkvModel
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.planes import ternary_planes
from sterna.program.definition import Parameters, ScalarConstant

_ROWS = 4096
"""Embedding rows that are made at a time."""
_KEPT = 16
"""Matrices that are in memory at a time: those of two layers and the head."""


class RwkvParameters(Parameters):
    """The parameters of a model, matrix by matrix."""

    def __init__(self, model: RwkvModel, formats: Formats, norms: Mapping[str, LayerNorm]) -> None:
        self._model, self._formats, self._norms = model, formats, norms
        self._scaled: Callable[[str, int], RowScaled] = lru_cache(_KEPT)(self._row_scaled)
        self._rows: NDArray[np.int32] | None = None

    def planes(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Trits [planes, rows, columns]."""
        del section
        return ternary_planes(self._scaled(name, repetition).weights, self._formats.planes[name])

    def matrix(self, section: str, repetition: int, name: str) -> NDArray[np.int8]:
        """Those of a matrix of one plane."""
        return self.planes(section, repetition, name)[0]

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Gains, biases, shares of the present token, decays, scales of rows."""
        formats, model = self._formats, self._model
        if name == UNIT:
            return np.full(model.config.hidden_size, UNIT_WORD, np.int32)
        matrix, _, what = name.rpartition("_")
        if what == "rows":
            scales = self._scaled(matrix, repetition).scales
            return _words(scales / scales.max(), ROW_FRACTION)
        if what == "mix":
            return _words(model.layer(repetition, SHIFTED[matrix]).reshape(-1), MIX_FRACTION)
        if what == "decay":
            return _words(-np.exp(model.layer(repetition, DECAY)), formats.log_fraction)
        if what == "bonus":
            return _words(model.layer(repetition, BONUS), formats.log_fraction)
        key = {HEAD: LAST_NORM}.get(section) or layer_key(repetition, f"ln{matrix[-1]}")
        part, fraction = {"gain": ("weight", formats.gain_fraction),
                          "bias": ("bias", formats.normed_fraction)}[what]
        return _words(model.tensor(f"{key}.{part}").astype(np.float64), fraction)

    def scalar(self, section: str, repetition: int, name: str) -> ScalarConstant:
        """Those of norms, and what a delivered word of a matrix is worth."""
        del section
        if name == EDGE:
            return EDGE_VALUE
        if name in (digits := digit_scalars()):
            return digits[name]
        matrix, _, what = name.rpartition("_")
        if matrix in self._norms:
            return self._norms[matrix].scalars()[name]
        assert what == "unit"
        formats, largest = self._formats, float(self._scaled(matrix, repetition).scales.max())
        exponent = (formats.shift(matrix) + formats.result_fraction(matrix)
                    - formats.source_fraction(matrix))
        return scalar_constant(largest / CODE_LIMIT * 2.0**exponent, WORD_BITS)

    def embedding(self, token: int) -> NDArray[np.int32]:
        """The embedding row behind its norm."""
        if self._rows is None:
            every = list(range(self._model.config.vocab_size))
            self._rows = np.concatenate([
                _words(self._model.rows(every[first:first + _ROWS]),
                       self._formats.residual_fraction)
                for first in range(0, len(every), _ROWS)])
        return self._rows[token]

    def _row_scaled(self, name: str, repetition: int) -> RowScaled:
        key = HEAD_KEY if name == HEAD else f"{layer_key(repetition, MATRICES[name])}.weight"
        return row_scaled(self._model.tensor(key), self._formats.planes[name])


def _words(values: NDArray[np.floating], fraction: int) -> NDArray[np.int32]:
    """Words of so many bits of fraction, the nearest."""
    return np.clip(np.floor(values * 2.0**fraction + 0.5), -WORD_LIMIT, WORD_LIMIT).astype(np.int32)

"""Gains and dequantisation factors of a layer in the formats of its program."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import NORM_EPSILON
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.gains import ScaledGain, scale_gain
from sterna.families.matmul_free.weights import BitLinearWeights
from sterna.law.arithmetic import CODE_LIMIT


class Scales:
    """What real gains and factors are in a program of `formats`."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats

    def gain(self, values: NDArray[np.floating], bits: int | None = None) -> ScaledGain:
        """A gain in words, of `bits` magnitude bits or as many as the formats say."""
        formats = self._formats
        bits = min(formats.gain_bits if bits is None else bits, formats.word_bits - 1)
        return scale_gain(values, bits, formats.word_limit)

    def factor(
        self, weights: BitLinearWeights, fraction: int, code_fraction: int, norm_fraction: int
    ) -> float:
        """What absmax of the code source times 1/sqrt(squares) is multiplied with.

        `fraction` is that of the dequantised result; `code_fraction` less `norm_fraction` is the
        difference of fraction between the vector that became codes and the one that was squared.
        """
        scale = float(weights.matrix.scale) * sqrt(len(weights.gain)) / CODE_LIMIT
        return scale * 2.0 ** (fraction - code_fraction + norm_fraction)


def with_epsilon(gain: NDArray[np.float32]) -> NDArray[np.float64]:
    """The gain of a block norm whose sum of squares carries the epsilon of the norm behind it.

    Two norms in a row divide by ``sqrt(mean((x*g)**2) + eps*mean(x**2) + eps*eps')``; the first two
    terms are ``mean((x * sqrt(g**2 + eps))**2)``, the last is below 1e-11.
    """
    return np.sqrt(gain.astype(np.float64) ** 2 + NORM_EPSILON)


def product(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """Two gains in a row as one."""
    return a.astype(np.float64) * b.astype(np.float64)

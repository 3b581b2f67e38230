"""Models of any shape with random weights, for tests and for measuring hardware."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.assembly import assemble
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.layout import EMBEDDINGS, LOWER_BOUNDS
from sterna.families.matmul_free.weights import MatMulFreeModel, TernaryMatrix

# Mean square of a code when the three values are equally likely.
_CODE_POWER = 2 / 3
_GAIN_SPREAD = 0.2


class _RandomTensors:
    """Draws each tensor from a generator of its own, whatever the order of asking."""

    def __init__(self, config: ModelConfig, seed: int) -> None:
        self._config, self._seed = config, seed

    def _generator(self, key: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(key.encode())])

    def matrix(self, key: str, shape: tuple[int, int]) -> TernaryMatrix:
        codes = self._generator(key).integers(-1, 2, shape, np.int8)
        scale = (_CODE_POWER * shape[1]) ** -0.5
        if key.endswith(("o_proj", "down_proj")):
            # Keeps the residual stream of a deep model near its size at the start.
            scale /= (2 * self._config.num_hidden_layers) ** 0.5
        return TernaryMatrix(codes, float(np.float32(scale)))

    def vector(self, key: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        values = self._generator(key).standard_normal(shape)
        if ".neurons." in key:
            values *= _GAIN_SPREAD
        elif key != LOWER_BOUNDS:
            values = np.exp(_GAIN_SPREAD * values)
        return values.astype(np.float32)

    def embeddings(self, shape: tuple[int, int]) -> NDArray[Any]:
        values = self._generator(EMBEDDINGS).standard_normal(shape, np.float32)
        return values.astype(np.float16)


def random_model(config: ModelConfig, seed: int) -> MatMulFreeModel:
    """A model of the given shape whose values are of the size a trained one has.

    Gains are log-normal around one, lower bounds rise with depth, projections keep their
    inputs' variance. Layers are drawn when asked for; the same seed gives the same model.
    """
    return assemble(config, _RandomTensors(config, seed))

"""Models of any shape with random weights, for tests and for measuring hardware."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.layout import EMBEDDINGS
from sterna.families.rwkv.version import Version
from sterna.families.rwkv.weights import RwkvModel

_SPREAD = 0.2


def random_model(version: Version, config: Configuration, seed: int) -> RwkvModel:
    """Values of the size that a trained model has; drawn when asked for, the same of a seed."""
    shapes = version.tensors(config)

    def tensor(key: str) -> NDArray[np.float32]:
        draw = np.random.default_rng([seed, zlib.crc32(key.encode())])
        return version.draw(config, key, shapes[key], draw)

    return RwkvModel(version, config, tensor)


def draw_usual(config: Configuration, key: str, shape: tuple[int, ...],
               draw: np.random.Generator) -> NDArray[np.float32]:
    """Norms, embeddings, and matrices that keep the size of what they take."""
    normal = draw.standard_normal(shape, np.float32)
    if len(shape) == 1:
        return _SPREAD * normal if key.endswith("bias") else np.exp(_SPREAD * normal)
    if key == EMBEDDINGS:
        return normal
    scale = shape[1] ** -0.5
    if key.endswith(("att.output.weight", "ffn.value.weight")):
        # Keeps the residual stream of a deep model near its size at the start.
        scale /= (2 * config.num_hidden_layers) ** 0.5
    return normal * np.float32(scale)

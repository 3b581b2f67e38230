"""Models of any shape with random weights, for tests and for measuring hardware."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.layout import BONUS, DECAY, EMBEDDINGS, all_tensors
from sterna.families.rwkv4.weights import RwkvModel

_SPREAD = 0.2


def random_model(config: RwkvConfig, seed: int) -> RwkvModel:
    """Values of the size that a trained model has; drawn when asked for, the same of a seed."""
    shapes, depth = all_tensors(config), config.num_hidden_layers

    def tensor(key: str) -> NDArray[np.float32]:
        shape = shapes[key]
        draw = np.random.default_rng([seed, zlib.crc32(key.encode())])
        normal = draw.standard_normal(shape, np.float32)
        if key.endswith(DECAY):
            return draw.uniform(-6, 1, shape).astype(np.float32)
        if key.endswith(BONUS):
            return normal * np.float32(0.7)
        if "time_mix" in key:
            return draw.uniform(0, 1, shape).astype(np.float32)
        if len(shape) == 1:
            return _SPREAD * normal if key.endswith("bias") else np.exp(_SPREAD * normal)
        if key == EMBEDDINGS:
            return normal
        scale = shape[1] ** -0.5
        if key.endswith(("att.output.weight", "ffn.value.weight")):
            # Keeps the residual stream of a deep model near its size at the start.
            scale /= (2 * depth) ** 0.5
        return normal * np.float32(scale)

    return RwkvModel(config, tensor)

"""Random checkpoints of the released shapes, drawn as they are imported and never kept."""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

from sterna.errors import InputError
from sterna.families.matmul_free.assembly import assemble
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import LatentTensors
from sterna.families.matmul_free.huggingface import expected_tensors
from sterna.families.matmul_free.random_checkpoint import draw_tensor
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.suggest import did_you_mean

SHAPES: dict[str, ModelConfig] = {
    "370m": ModelConfig(hidden_size=1024, num_hidden_layers=24),
    "1.3b": ModelConfig(hidden_size=2048, num_hidden_layers=24),
    "2.7b": ModelConfig(hidden_size=2560, num_hidden_layers=32),
}
"""Geometry of MMfreeLM-370M, -1.3B and -2.7B."""


def random_shape(name: str, seed: int = 0) -> MatMulFreeModel:
    """A random float16 checkpoint of a released shape, for writing as a model folder.

    Every tensor is drawn when it is asked for, from a generator of its own, and ternarised like one
    that was read: memory holds a layer. Raises `InputError` for an unknown name.
    """
    config = released_shape(name)
    shapes = expected_tensors(config)

    def fetch(key: str) -> Tensor:
        # The generator looks at 32 bits of its seed.
        generator = torch.Generator().manual_seed(zlib.crc32(f"{seed} {key}".encode()))
        return draw_tensor(key, shapes[key], generator).half()

    return assemble(config, LatentTensors(fetch, f"random {name}"))


def released_shape(name: str) -> ModelConfig:
    """The geometry of a released size. Raises `InputError` for an unknown name."""
    if name not in SHAPES:
        raise InputError(f"shape {name!r}: no such size; there are {', '.join(SHAPES)}"
                         f"{did_you_mean(name, SHAPES)}")
    return SHAPES[name]

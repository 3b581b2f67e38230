"""Random checkpoints of the released shapes, drawn as they are imported and never kept."""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

from sterna.families.matmul_free.assembly import assemble
from sterna.families.matmul_free.conversion import LatentTensors
from sterna.families.matmul_free.huggingface import expected_tensors
from sterna.families.matmul_free.random_checkpoint import draw_tensor
from sterna.families.matmul_free.released_shapes import released_shape
from sterna.families.matmul_free.weights import MatMulFreeModel


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

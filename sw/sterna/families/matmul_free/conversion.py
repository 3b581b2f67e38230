"""From latent float weights to ternary ones, and from a model back to its float reference."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.errors import InputError
from sterna.families.matmul_free.assembly import assemble, layer_tensors, outer_tensors
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.layout import EMBEDDINGS, LOWER_BOUNDS
from sterna.families.matmul_free.reference import MatMulFreeLM
from sterna.families.matmul_free.weights import MatMulFreeModel, TernaryMatrix

SCALE_FLOOR = np.float32(1e-5)


def ternarise(weight: NDArray[np.float32]) -> TernaryMatrix:
    """Ternary codes of a float32 matrix `[outputs, inputs]`.

    `scale = max(mean|W|, 1e-5)`, `codes = clamp(round_half_even(W * (1 / scale)), -1, 1)`, in
    float32 with the mean accumulated in float64.
    """
    scale = max(np.float32(np.abs(weight).mean(dtype=np.float64)), SCALE_FLOOR)
    scaled = weight * (np.float32(1) / scale)
    np.clip(np.rint(scaled, out=scaled), -1, 1, out=scaled)
    return TernaryMatrix(scaled.astype(np.int8), float(scale))


class LatentTensors:
    """Reads latent weights in 16 or 32 bits through `fetch` and ternarises them.

    `source` stands in front of the tensor's name in errors: NaN and infinity raise `InputError`.
    """

    def __init__(self, fetch: Callable[[str], Tensor], source: str) -> None:
        self._fetch, self._source = fetch, source

    def _float32(self, key: str, tensor: Tensor | None = None) -> NDArray[np.float32]:
        tensor = self._fetch(key) if tensor is None else tensor
        values = tensor.detach().to(torch.float32).numpy()
        # A sum is finite only if every value is; float64 keeps finite sums finite.
        if not np.isfinite(values.sum(dtype=np.float64)):
            raise InputError(f"{self._source}: tensor {key} holds NaN or infinity")
        return values

    def matrix(self, key: str, shape: tuple[int, int]) -> TernaryMatrix:
        """The ternary form of `key.weight`."""
        return ternarise(self._float32(f"{key}.weight"))

    def vector(self, key: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """The tensor `key` in float32."""
        # A copy, since a view would keep the whole file mapped.
        return self._float32(key).copy()

    def embeddings(self, shape: tuple[int, int]) -> NDArray[Any]:
        """The embedding table: float16 as it is, all else in float32, which holds bfloat16."""
        tensor = self._fetch(EMBEDDINGS)
        kept = np.float16 if tensor.dtype == torch.float16 else np.float32
        # A copy, since a view would keep the whole file mapped.
        return self._float32(EMBEDDINGS, tensor).astype(kept)


def from_torch(module: MatMulFreeLM) -> MatMulFreeModel:
    """The ternary model of a trained module. The module may go on training afterwards."""
    state = {key: value.detach().clone() for key, value in module.state_dict().items()}
    return assemble(module.config, LatentTensors(state.__getitem__, "the trained model"))


def float_reference(model: MatMulFreeModel) -> MatMulFreeLM:
    """The PyTorch module of a model: float32 everywhere, weights exactly codes times scale."""
    config: ModelConfig = model.config
    state = {EMBEDDINGS: _tensor(model.embeddings)}
    if model.raw_lower_bounds is not None:
        state[LOWER_BOUNDS] = _tensor(model.raw_lower_bounds)
    parts = [layer_tensors(index, layer) for index, layer in enumerate(model.layers)]
    for key, value in chain(*parts, outer_tensors(model)):
        if isinstance(value, TernaryMatrix):
            state[f"{key}.weight"] = torch.from_numpy(value.codes).float().mul_(value.scale)
        else:
            state[key] = _tensor(value)
    with torch.device("meta"):
        module = MatMulFreeLM(config, ternarised=True)
    module.load_state_dict(state, assign=True)
    return module.requires_grad_(False).eval()


def _tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))

"""The greatest magnitudes that the float reference of a model computes, of all that words hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.errors import InputError
from sterna.families.rwkv.configuration import NORM_EPSILON
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.watch import Watch
from sterna.families.rwkv.weights import RwkvModel

_SMALLEST = 1e-30


@dataclass
class Ranges(Watch):
    """Greatest magnitudes, as real numbers."""

    largest: dict[str, float] = field(default_factory=dict)
    """By kind of value; of norms and gains those of every kind together."""
    reaches: dict[str, float] = field(default_factory=dict)
    """By matrix: results over the largest weight of their row and the largest input."""

    def see(self, name: str, values: Tensor) -> None:
        """Let values enter; raises `InputError` when they are not finite."""
        largest = float(values.abs().max())
        if not isfinite(largest):
            raise InputError(f"calibration: the {name} values are beyond float32; the weights are "
                             "damaged")
        self.largest[name] = max(self.largest.get(name, 0.0), largest)

    def product(self, name: str, weight: Tensor, inputs: Tensor, results: Tensor) -> None:
        """Let the product of a matrix enter."""
        rows = weight.abs().amax(-1).clamp(min=_SMALLEST)
        most = inputs.abs().amax(-1, keepdim=True).clamp(min=_SMALLEST)
        self.reaches[name] = max(self.reaches.get(name, 0.0),
                                 float((results / most / rows).abs().max()))

    def norm(self, norm: nn.LayerNorm, values: Tensor, normed: Tensor) -> None:
        """Let a norm enter, with its gain and without."""
        self.see("normed", normed)
        self.see("gain", norm.weight)
        self.see("normed", functional.layer_norm(values, (values.shape[-1],), eps=NORM_EPSILON))

    def watch_norm(self, norm: nn.LayerNorm) -> None:
        """Let everything that a norm makes enter."""
        def see(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            assert isinstance(module, nn.LayerNorm)
            self.norm(module, inputs[0], output)

        norm.register_forward_hook(see)

    def watch_product(self, name: str, linear: nn.Module, kind: str | None = None) -> None:
        """Let everything that a linear map makes enter, as values of a kind too."""
        def see(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            assert isinstance(module, nn.Linear)
            self.product(name, module.weight, inputs[0], output)
            if kind is not None:
                self.see(kind, output)

        linear.register_forward_hook(see)


def tensors_of(model: RwkvModel, index: int, block: nn.Module) -> Mapping[str, Tensor]:
    """The tensors of a layer by their names in its module."""
    return {name: torch.from_numpy(model.tensor(layer_key(index, name)).astype(np.float32))
            for name in block.state_dict()}


def norm_of(model: RwkvModel, name: str) -> nn.LayerNorm:
    """A norm of the model."""
    norm = nn.LayerNorm(model.config.hidden_size, NORM_EPSILON)
    for part in ("weight", "bias"):
        getattr(norm, part).data.copy_(torch.from_numpy(model.tensor(f"{name}.{part}").astype(
            np.float32)))
    return norm

"""A model in real numbers, in its authors' arithmetic: every layer on all steps at once.

Neurons are LIF with tau 2, a hard reset to 0 and ``>=`` at 1, at 1/2 behind attention, whose scale
is 1/8 (spec/systems.md S7). The first convolution takes the image in every step, and a sample's
classes are the mean over its steps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor

from sterna.families.spiking_transformer.normed import EPSILON

SCALE, ATTENTION_THRESHOLD = 0.125, 0.5
Watch = Callable[[str, Tensor], Tensor | None]


class Reference(ABC):
    """Computes with ``tensors`` by their names.

    With ``fit``, the mean and variance of batch norms become those of what comes: they are written
    to ``tensors``.
    """

    scale = SCALE

    def __init__(self, configuration: Any, tensors: Mapping[str, Tensor], fit: bool = False
                 ) -> None:
        self.configuration, self._tensors, self._fit = configuration, tensors, fit
        self._watch: Watch | None = None
        self._steps = 0

    def run(self, images: Tensor, watch: Watch | None = None) -> Tensor:
        """Of images [steps, batch, channels, rows, columns]: classes [steps, batch, classes].

        ``watch`` is told spikes and the maps between convolutions, [steps * batch, channels, rows,
        columns], by the names that the integers have for them; what it returns goes on instead, if
        it is not None.
        """
        self._steps, self._watch = len(images), watch
        x = images.flatten(0, 1)
        for layer in self.configuration.layers():
            x = self.layer(layer, x)
        made = functional.linear(
            self.read_out(x), self._tensors["head.weight"], self._tensors["head.bias"])
        return made.reshape(self._steps, -1, made.shape[-1])

    @abstractmethod
    def layer(self, layer: Any, x: Tensor) -> Tensor:
        """What a layer makes of [steps * batch, channels, rows, columns]."""

    @abstractmethod
    def read_out(self, x: Tensor) -> Tensor:
        """What the map to classes is given of the last layer: [steps * batch, channels]."""

    def spikes(self, x: Tensor, attention: bool) -> Tensor:
        """Of inputs [steps, batch, ...]."""
        return leaky(x, ATTENTION_THRESHOLD if attention else 1.0)[0]

    def fire(self, name: str, x: Tensor, attention: bool = False) -> Tensor:
        """Of inputs [steps * batch, ...]."""
        made = self.spikes(x.reshape(self._steps, -1, *x.shape[1:]), attention)
        return self.seen(name, made.flatten(0, 1))

    def seen(self, name: str, value: Tensor) -> Tensor:
        """It, or what is to go on instead."""
        other = None if self._watch is None else self._watch(name, value)
        return value if other is None else other

    def norm(self, name: str, x: Tensor) -> Tensor:
        """Batch norm, which is fitted first where that is wanted."""
        if self._fit:
            axes = [axis for axis in range(x.ndim) if axis != 1]
            self._tensors[f"{name}.running_mean"].copy_(x.mean(axes))
            self._tensors[f"{name}.running_var"].copy_(x.var(axes, unbiased=False))
        return self.normed(name, x)

    def normed(self, name: str, x: Tensor) -> Tensor:
        """Batch norm as it is."""
        mean, variance, weight, bias = (self._tensors[f"{name}.{part}"] for part in (
            "running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, mean, variance, weight, bias, eps=EPSILON)

    def convolve(self, name: str, x: Tensor, padding: int = 0, stride: int = 1, groups: int = 1
                 ) -> Tensor:
        """A convolution, with its bias if it has one; kernels of one dimension are 1 x 1."""
        weight = self._tensors[f"{name}.weight"]
        if weight.ndim == 3:
            weight = weight[..., None]
        return functional.conv2d(x, weight, self._tensors.get(f"{name}.bias"), stride, padding,
                                 groups=groups)

    def attend(self, name: str, heads: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Spikes of Q (Kᵀ V), of spikes [steps * batch, channels, rows, columns]."""
        size = q.shape[1] // heads
        queries, keys, values = (
            item.flatten(2).reshape(len(q), heads, size, -1).transpose(2, 3) for item in (q, k, v))
        y = queries @ (keys.transpose(2, 3) @ values) * self.scale
        return self.fire(name, y.transpose(2, 3).reshape(q.shape), attention=True)


def leaky(x: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """Spikes and membranes of inputs [steps, ...]."""
    spikes, membranes, v = [], [], torch.zeros_like(x[0])
    for row in x:
        v = v + (row - v) / 2
        fired = (v >= threshold).to(v.dtype)
        v = v * (1 - fired)
        spikes.append(fired)
        membranes.append(v)
    return torch.stack(spikes), torch.stack(membranes)

"""The model in real numbers, in the authors' arithmetic: every layer on all steps at once.

Source: `BICLab/Spike-Driven-Transformer-V2`, spec/systems.md S7. Neurons are LIF with tau 2, a hard
reset to 0 and ``>=`` at 1, at 1/2 behind attention, whose scale is 1/8. The first convolution takes
the image in every step; the classes of a step are those of its spikes, and a sample's are the mean
over its steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as functional
from torch import Tensor

from sterna.families.sdt_v2.configuration import Attention, Configuration, Convolutions, Down

EPSILON = 1e-5
SCALE, ATTENTION_THRESHOLD = 0.125, 0.5
Watch = Callable[[str, Tensor], Tensor | None]


class Reference:
    """Computes with ``tensors`` by their names.

    With ``fit``, the mean and variance of batch norms become those of what comes: they are written
    to ``tensors``.
    """

    scale = SCALE

    def __init__(self, configuration: Configuration, tensors: Mapping[str, Tensor],
                 fit: bool = False) -> None:
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
            if isinstance(layer, Down):
                x = self._down(layer, x)
            elif isinstance(layer, Convolutions):
                x = self._convolutions(layer, x)
            else:
                x = self._attention(layer, x)
        spikes = self._fire("lif", x.mean((2, 3))[:, :, None, None])[:, :, 0, 0]
        made = functional.linear(
            spikes, self._tensors["head.weight"], self._tensors["head.bias"])
        return made.reshape(self._steps, -1, made.shape[-1])

    def spikes(self, x: Tensor, attention: bool) -> Tensor:
        """Of inputs [steps, batch, ...]."""
        found, v = [], torch.zeros_like(x[0])
        threshold = ATTENTION_THRESHOLD if attention else 1.0
        for row in x:
            v = v + (row - v) / 2
            spikes = (v >= threshold).to(v.dtype)
            v = v * (1 - spikes)
            found.append(spikes)
        return torch.stack(found)

    def _fire(self, name: str, x: Tensor, attention: bool = False) -> Tensor:
        """Of inputs [steps * batch, ...]."""
        made = self.spikes(x.reshape(self._steps, -1, *x.shape[1:]), attention)
        return self._seen(name, made.flatten(0, 1))

    def _seen(self, name: str, value: Tensor) -> Tensor:
        other = None if self._watch is None else self._watch(name, value)
        return value if other is None else other

    def _norm(self, name: str, x: Tensor) -> Tensor:
        if self._fit:
            axes = [axis for axis in range(x.ndim) if axis != 1]
            self._tensors[f"{name}.running_mean"].copy_(x.mean(axes))
            self._tensors[f"{name}.running_var"].copy_(x.var(axes, unbiased=False))
        return self._normed(name, x)

    def _normed(self, name: str, x: Tensor) -> Tensor:
        mean, variance, weight, bias = (self._tensors[f"{name}.{part}"] for part in (
            "running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, mean, variance, weight, bias, eps=EPSILON)

    def _convolve(self, name: str, x: Tensor, padding: int = 0, stride: int = 1,
                  groups: int = 1) -> Tensor:
        weight = self._tensors[f"{name}.weight"]
        if weight.ndim == 3:
            weight = weight[..., None]
        return functional.conv2d(x, weight, self._tensors.get(f"{name}.bias"), stride, padding,
                                 groups=groups)

    def _down(self, layer: Down, x: Tensor) -> Tensor:
        if not layer.first:
            x = self._fire(f"{layer.name}.encode_lif", x)
        x = self._convolve(f"{layer.name}.encode_conv", x, layer.kernel // 2, layer.stride)
        return self._norm(f"{layer.name}.encode_bn", x)

    def _convolutions(self, layer: Convolutions, x: Tensor) -> Tensor:
        name = layer.name
        y = self._fire(f"{name}.Conv.lif1", x)
        y = self._norm(f"{name}.Conv.bn1", self._convolve(f"{name}.Conv.pwconv1", y))
        y = self._fire(f"{name}.Conv.lif2", y)
        y = self._convolve(f"{name}.Conv.dwconv", y, 3, groups=y.shape[1])
        y = self._seen(f"{name}.Conv.dwconv", y)
        x = x + self._norm(f"{name}.Conv.bn2", self._convolve(f"{name}.Conv.pwconv2", y))
        y = self._fire(f"{name}.lif1", x)
        y = self._norm(f"{name}.bn1", self._convolve(f"{name}.conv1", y, 1))
        y = self._fire(f"{name}.lif2", y)
        return x + self._norm(f"{name}.bn2", self._convolve(f"{name}.conv2", y, 1))

    def _rep_conv(self, name: str, x: Tensor) -> Tensor:
        """1 x 1, batch norm, 3 x 3 a channel on a border of what batch norm makes of 0, 1 x 1."""
        body = f"{name}.0.body"
        x = self._seen(f"{body}.0", self._convolve(f"{body}.0", x))
        x = self._norm(f"{body}.1.bn", x)
        border = self._normed(f"{body}.1.bn", torch.zeros_like(x[:, :, :1, :1]))
        padded = functional.pad(x - border, (1, 1, 1, 1)) + border
        x = self._convolve(f"{body}.2.0", padded, groups=x.shape[1])
        constant = border * self._tensors[f"{body}.2.0.weight"].sum((1, 2, 3))[:, None, None]
        x = self._seen(f"{body}.2.0", x - constant) + constant
        x = self._norm(f"{body}.2.2", self._convolve(f"{body}.2.1", x))
        return self._norm(f"{name}.1", x)

    def _attention(self, layer: Attention, x: Tensor) -> Tensor:
        name = f"{layer.name}.attn"
        spikes = self._fire(f"{name}.head_lif", x)
        q, k, v = (self._fire(f"{name}.{part}_lif", self._rep_conv(f"{name}.{part}_conv", spikes))
                   .flatten(2).reshape(len(x), layer.heads, layer.width // layer.heads, -1)
                   .transpose(2, 3) for part in ("q", "k", "v"))
        y = q @ (k.transpose(2, 3) @ v) * self.scale
        y = y.transpose(2, 3).reshape(x.shape)
        y = self._fire(f"{name}.attn_lif", y, attention=True)
        x = x + self._rep_conv(f"{name}.proj_conv", y)
        y = x
        for part in ("fc1", "fc2"):
            whole = f"{layer.name}.mlp.{part}"
            y = self._norm(f"{whole}_bn", self._convolve(
                f"{whole}_conv", self._fire(f"{whole}_lif", y)))
        return x + y

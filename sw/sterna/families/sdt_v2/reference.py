"""The model in real numbers, layer by layer.

Source: `BICLab/Spike-Driven-Transformer-V2`, spec/systems.md S7. The classes of a step are those of
the spikes of its mean.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

from sterna.families.sdt_v2.configuration import Attention, Convolutions, Down, Layer
from sterna.families.spiking_transformer import reference


class Reference(reference.Reference):
    """Computes with the authors' tensors."""

    def layer(self, layer: Layer, x: Tensor) -> Tensor:
        """Any of them."""
        if isinstance(layer, Down):
            return self._down(layer, x)
        if isinstance(layer, Convolutions):
            return self._convolutions(layer, x)
        return self._attention(layer, x)

    def read_out(self, x: Tensor) -> Tensor:
        """Spikes of the mean of all places."""
        return self.fire("lif", x.mean((2, 3))[:, :, None, None])[:, :, 0, 0]

    def _down(self, layer: Down, x: Tensor) -> Tensor:
        if not layer.first:
            x = self.fire(f"{layer.name}.encode_lif", x)
        x = self.convolve(f"{layer.name}.encode_conv", x, layer.kernel // 2, layer.stride)
        return self.norm(f"{layer.name}.encode_bn", x)

    def _convolutions(self, layer: Convolutions, x: Tensor) -> Tensor:
        name = layer.name
        y = self.fire(f"{name}.Conv.lif1", x)
        y = self.norm(f"{name}.Conv.bn1", self.convolve(f"{name}.Conv.pwconv1", y))
        y = self.fire(f"{name}.Conv.lif2", y)
        y = self.convolve(f"{name}.Conv.dwconv", y, 3, groups=y.shape[1])
        y = self.seen(f"{name}.Conv.dwconv", y)
        x = x + self.norm(f"{name}.Conv.bn2", self.convolve(f"{name}.Conv.pwconv2", y))
        y = self.fire(f"{name}.lif1", x)
        y = self.norm(f"{name}.bn1", self.convolve(f"{name}.conv1", y, 1))
        y = self.fire(f"{name}.lif2", y)
        return x + self.norm(f"{name}.bn2", self.convolve(f"{name}.conv2", y, 1))

    def _rep_conv(self, name: str, x: Tensor) -> Tensor:
        """1 x 1, batch norm, 3 x 3 a channel on a border of what batch norm makes of 0, 1 x 1."""
        body = f"{name}.0.body"
        x = self.seen(f"{body}.0", self.convolve(f"{body}.0", x))
        x = self.norm(f"{body}.1.bn", x)
        border = self.normed(f"{body}.1.bn", torch.zeros_like(x[:, :, :1, :1]))
        padded = functional.pad(x - border, (1, 1, 1, 1)) + border
        x = self.convolve(f"{body}.2.0", padded, groups=x.shape[1])
        constant = border * self._tensors[f"{body}.2.0.weight"].sum((1, 2, 3))[:, None, None]
        x = self.seen(f"{body}.2.0", x - constant) + constant
        x = self.norm(f"{body}.2.2", self.convolve(f"{body}.2.1", x))
        return self.norm(f"{name}.1", x)

    def _attention(self, layer: Attention, x: Tensor) -> Tensor:
        name = f"{layer.name}.attn"
        spikes = self.fire(f"{name}.head_lif", x)
        q, k, v = (self.fire(f"{name}.{part}_lif", self._rep_conv(f"{name}.{part}_conv", spikes))
                   for part in ("q", "k", "v"))
        y = self.attend(f"{name}.attn_lif", layer.heads, q, k, v)
        x = x + self._rep_conv(f"{name}.proj_conv", y)
        y = x
        for part in ("fc1", "fc2"):
            whole = f"{layer.name}.mlp.{part}"
            y = self.norm(f"{whole}_bn", self.convolve(
                f"{whole}_conv", self.fire(f"{whole}_lif", y)))
        return x + y

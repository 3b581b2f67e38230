"""The float reference against modules with weights on steps, put together as the authors' are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as functional
from sterna.errors import InputError
from sterna.families.qsd.configuration import Configuration
from sterna.families.qsd.reference import Reference
from sterna.families.qsd.version import QSD
from sterna.families.sdt_v2.configuration import Attention, Convolutions, Down
from sterna.families.spiking_transformer.random_model import images, random_tensors
from torch import Tensor

SMALL = Configuration(image=32, width=8, convs=2, third=1, fourth=1, heads=4, classes=5)


def counted(x: Tensor, by: float = 4.0) -> Tensor:
    """To 0, 1, 2, 3 or 4, a half up; divided."""
    made = torch.zeros_like(x)
    for level in (0.5, 1.5, 2.5, 3.5):
        made += (4 * x >= level).to(x.dtype)
    return made / by


class Layers:
    """By the names of their tensors; x is [batch, channels, rows, columns]."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors

    def weight(self, name: str) -> Tensor:
        """The nearest of sixteen multiples of its step."""
        weight, step = self.tensors[f"{name}.weight"], self.tensors[f"{name}.alpha"]
        rows = [torch.round(torch.clamp(row / one, -8, 7)) * one
                for row, one in zip(weight, step, strict=True)]
        return torch.stack(rows)

    def convolution(self, name: str, x: Tensor, **more: Any) -> Tensor:
        weight = self.weight(name)
        if weight.ndim == 3:
            made = functional.conv1d(x.flatten(2), weight, self.tensors.get(f"{name}.bias"))
            return made.reshape(len(x), -1, *x.shape[2:])
        return functional.conv2d(x, weight, self.tensors.get(f"{name}.bias"), **more)

    def norm(self, name: str, x: Tensor) -> Tensor:
        given = [self.tensors[f"{name}.{part}"][:, None, None]
                 for part in ("running_mean", "running_var", "weight", "bias")]
        return (x - given[0]) / torch.sqrt(given[1] + 1e-5) * given[2] + given[3]

    def rep_conv(self, name: str, x: Tensor) -> Tensor:
        """With a border of what batch norm makes of 0."""
        x = self.convolution(f"{name}.0.body.0", x)
        edge = self.norm(f"{name}.0.body.1.bn", torch.zeros_like(x[:, :, :1, :1]))
        made = edge.expand(-1, -1, x.shape[2] + 2, x.shape[3] + 2).clone()
        made[:, :, 1:-1, 1:-1] = self.norm(f"{name}.0.body.1.bn", x)
        x = self.convolution(f"{name}.0.body.2.0", made, groups=x.shape[1])
        return self.norm(f"{name}.1", self.norm(
            f"{name}.0.body.2.2", self.convolution(f"{name}.0.body.2.1", x)))

    def down(self, layer: Down, x: Tensor) -> Tensor:
        x = x if layer.first else counted(x)
        return self.norm(f"{layer.name}.encode_bn", self.convolution(
            f"{layer.name}.encode_conv", x, stride=layer.stride, padding=layer.kernel // 2))

    def convolutions(self, layer: Convolutions, x: Tensor) -> Tensor:
        name = f"{layer.name}.Conv"
        y = self.norm(f"{name}.bn1", self.convolution(f"{name}.pwconv1", counted(x)))
        y = self.convolution(f"{name}.dwconv", counted(y), padding=3, groups=y.shape[1])
        x = x + self.norm(f"{name}.bn2", self.convolution(f"{name}.pwconv2", y))
        y = x
        for part in "12":
            y = self.norm(f"{layer.name}.bn{part}", self.convolution(
                f"{layer.name}.conv{part}", counted(y), padding=1))
        return x + y

    def attention(self, layer: Attention, x: Tensor) -> Tensor:
        """Scores first, which the reference does last."""
        given, name = counted(x), f"{layer.name}.attn"
        q, k, v = (counted(self.rep_conv(f"{name}.{part}_conv", given)).flatten(2).unflatten(
            1, (layer.heads, -1)) for part in "qkv")
        y = torch.einsum("bhcq,bhck->bhqk", q, k) @ v.transpose(2, 3) * 0.25
        y = counted(y.transpose(2, 3).reshape(x.shape), 2.0)
        scales = [self.tensors[f"{layer.name}.layer_scale{part}"][:, None, None] for part in "12"]
        x = x + self.rep_conv(f"{name}.proj_conv", y) * scales[0]
        y = x
        for part in ("fc1", "fc2"):
            y = self.norm(f"{layer.name}.mlp.{part}_bn", self.convolution(
                f"{layer.name}.mlp.{part}_conv", counted(y)))
        return x + y * scales[1]


def test_every_layer() -> None:
    """All blocks of all stages; two steps, which know nothing of each other."""
    tensors, given = random_tensors(QSD, SMALL, 1), images(SMALL, 2, 2, 5)
    layers, x = Layers(tensors), given.flatten(0, 1)
    with torch.no_grad():
        found = Reference(SMALL, tensors).run(given)
        for layer in SMALL.layers():
            if isinstance(layer, Down):
                x = layers.down(layer, x)
            elif isinstance(layer, Convolutions):
                x = layers.convolutions(layer, x)
            else:
                x = layers.attention(layer, x)
        wanted = counted(x.mean((2, 3))) @ layers.weight("head").T + tensors["head.bias"]
        assert torch.allclose(found.flatten(0, 1), wanted, rtol=0, atol=1e-9)
        assert torch.allclose(Reference(SMALL, tensors).run(given[1:])[0], found[1])
    assert wanted.std() > 0.1


def test_published_widths() -> None:
    """Of the smallest, whose last stage has 256 channels, and the weights of its matrices."""
    published = Configuration(image=224, width=48, convs=4, third=6, fourth=2, heads=8,
                              classes=1000)
    weights = sum(torch.Size(shape).numel() for name, shape in published.shapes().items()
                  if name.endswith("weight"))
    assert published.last == 256 and 6.7e6 < weights < 8.4e6


def test_shapes_that_cannot_be() -> None:
    """By the name of this family."""
    with pytest.raises(InputError, match="qsd: width is 9; the first maps have half of it"):
        Configuration(image=32, width=9, convs=1, third=1, fourth=0, heads=4, classes=5)

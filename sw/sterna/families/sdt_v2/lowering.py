"""The network of integers, layer by layer.

The border of `RepConv`, which batch norm makes of 0, is a constant of every channel: what a
convolution adds for it is the same at every place, and goes through to the last bias.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sterna.families.sdt_v2.configuration import Attention, Convolutions, Down, Layer
from sterna.families.sdt_v2.names import NAME
from sterna.families.spiking_transformer import lowering
from sterna.families.spiking_transformer.builder import Maps
from sterna.families.spiking_transformer.configuration import HEAD
from sterna.families.spiking_transformer.normed import Normed, Places, normed, placed


class Lowering(lowering.Lowering):
    """Of one model."""

    name = NAME

    def layer(self, layer: Layer, x: Maps) -> Maps:
        """Any of them."""
        if isinstance(layer, Down):
            return self._down(layer, x)
        if isinstance(layer, Convolutions):
            return self._convolutions(layer, x)
        return self._attention(layer, x)

    def classes(self, x: Maps) -> None:
        """Those of the spikes of its mean."""
        spikes = self.build.pooled("lif", x)
        self.build.sums(HEAD, spikes, placed(
            self.normed(HEAD), inputs=Places.of(self.configuration.out)))

    def _down(self, layer: Down, x: Maps) -> Maps:
        name = layer.name
        given = self.normed(f"{name}.encode_conv", f"{name}.encode_bn", stride=layer.stride)
        inputs = None
        if not layer.first:
            x, inputs = self.build.spikes(f"{name}.encode_lif", x), Places.of(layer.inputs)
        return self.build.sums(name, x, placed(given, Places.of(layer.outputs), inputs))

    def _convolutions(self, layer: Convolutions, x: Maps) -> Maps:
        name, build, width = layer.name, self.build, Places.of(layer.width)
        y = build.spikes(f"{name}.Conv.lif1", x)
        y = build.fires(f"{name}.Conv.lif2", y, placed(
            self.normed(f"{name}.Conv.pwconv1", f"{name}.Conv.bn1"), inputs=width))
        depth_wise = f"{name}.Conv.dwconv"
        y = build.maps(depth_wise, y, self.normed(depth_wise, groups=y.channels),
                       self.peaks[depth_wise])
        y = build.sums(f"{name}.Conv", y, placed(
            self.normed(f"{name}.Conv.pwconv2", f"{name}.Conv.bn2"), width))
        x = build.added(f"{name}.middle", x, y)
        y = build.spikes(f"{name}.lif1", x)
        y = build.fires(f"{name}.lif2", y, placed(
            self.normed(f"{name}.conv1", f"{name}.bn1"), inputs=width))
        y = build.sums(f"{name}.conv2", y, placed(
            self.normed(f"{name}.conv2", f"{name}.bn2"), width))
        return build.added(name, x, y)

    def _rep_conv(self, name: str, x: Maps, inputs: Places) -> tuple[Maps, Normed]:
        """The maps of its first two convolutions, and its third."""
        body = f"{name}.0.body"
        x = self.build.maps(f"{body}.0", x, placed(self.normed(f"{body}.0"), inputs=inputs),
                             self.peaks[f"{body}.0"])
        first = normed({**self.tensors, "one.weight": np.ones((x.channels, 1, 1, 1))}, "one",
                       f"{body}.1.bn")
        second = self.normed(f"{body}.2.0", groups=x.channels)
        border = first.shift * second.weights.sum((1, 2, 3))
        second = replace(second, scale=second.scale * first.scale)
        x = self.build.maps(f"{body}.2.0", x, second, self.peaks[f"{body}.2.0"])
        third = self.normed(f"{body}.2.1", f"{body}.2.2", f"{name}.1")
        constant = third.scale * (third.weights[:, :, 0, 0] @ border)
        return x, replace(third, shift=third.shift + constant)

    def _attention(self, layer: Attention, x: Maps) -> Maps:
        name, build = f"{layer.name}.attn", self.build
        width, heads = Places.of(layer.width), Places.of(layer.width, layer.heads)
        spikes = build.spikes(f"{name}.head_lif", x)
        made = []
        for part in ("q", "k", "v"):
            y, third = self._rep_conv(f"{name}.{part}_conv", spikes, width)
            made.append(build.fires(f"{name}.{part}_lif", y, placed(third, heads)))
        q, k, v = made
        y = build.attention(f"{name}.attn_lif", q, k, v, layer.heads, self.scale)
        y, third = self._rep_conv(f"{name}.proj_conv", y, heads)
        y = build.sums(f"{name}.proj_conv", y, placed(third, width))
        x = build.added(f"{layer.name}.middle", x, y)
        mlp = f"{layer.name}.mlp"
        y = build.spikes(f"{mlp}.fc1_lif", x)
        y = build.fires(f"{mlp}.fc2_lif", y, placed(
            self.normed(f"{mlp}.fc1_conv", f"{mlp}.fc1_bn"), inputs=width))
        y = build.sums(f"{mlp}.fc2", y, placed(
            self.normed(f"{mlp}.fc2_conv", f"{mlp}.fc2_bn"), width))
        return build.added(layer.name, x, y)

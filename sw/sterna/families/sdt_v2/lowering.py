"""The network of integers: every layer as populations, with what their maps reach on images.

The border of `RepConv`, which batch norm makes of 0, is a constant of every channel: what a
convolution adds for it is the same at every place, and goes through to the last bias. Channels of a
stage, and those of a head, that fill no words of `GRAIN` have more beside them, which are never
anything but 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from sterna.families.sdt_v2.builder import (
    GRAIN,
    Firing,
    Maps,
    NetworkBuilder,
    Normed,
    Reals,
    normed,
)
from sterna.families.sdt_v2.configuration import Attention, Configuration, Convolutions, Down
from sterna.families.sdt_v2.leaky import Leaky
from sterna.families.sdt_v2.names import NAME
from sterna.families.sdt_v2.reference import EPSILON, SCALE, Reference
from sterna.families.spiking.integers import SpikingNetwork
from sterna.program.instructions import INPUT

HEADROOM = 1.25
"""Of maps between convolutions over what they reached."""
SILENT = 1e-6
"""A channel that reaches no more of the largest of its map."""
NOTHING = 1e-9
"""What a map reaches that is 0 but for rounding: the batch norm behind it makes at most 316 times
as much of it."""


@dataclass(frozen=True)
class Places:
    """Where channels stand among more of them."""

    at: np.ndarray
    size: int

    @staticmethod
    def of(channels: int, groups: int = 1) -> Places:
        """So many, each of the groups in words of its own."""
        own = channels // groups
        wide = -(-own // GRAIN) * GRAIN if channels > GRAIN else own
        return Places(np.arange(channels) // own * wide + np.arange(channels) % own, groups * wide)


def placed(given: Normed, outputs: Places | None = None, inputs: Places | None = None) -> Normed:
    """With zeros where a place has no channel."""
    weights, scale, shift = given.weights, given.scale, given.shift
    if outputs is not None:
        weights, scale, shift = (_rows(values, outputs) for values in (weights, scale, shift))
    if inputs is not None:
        weights = _rows(weights.swapaxes(0, 1), inputs).swapaxes(0, 1)
    return replace(given, weights=weights, scale=scale, shift=shift)


def _rows(values: Reals, places: Places) -> Reals:
    found = np.zeros((places.size, *values.shape[1:]))
    found[places.at] = values
    return found


def reached(reference: Reference, frames: Tensor) -> dict[str, Reals]:
    """What maps between convolutions are given room for, by name and channel: what the reference
    makes of frames [steps, samples, channels, rows, columns], and some more; channels that are
    silent then, as much as the others of their map."""
    peaks = {name: np.zeros(size) for name, size in reference.configuration.maps().items()}

    def watch(name: str, value: Tensor) -> None:
        if name in peaks:
            found = value.abs().amax((0, 2, 3)).numpy() * HEADROOM
            peaks[name] = np.maximum(found, peaks[name])

    with torch.no_grad():
        for sample in frames.split(1, 1):  # of published sizes several need gigabytes
            reference.run(sample, watch)
    return {name: np.where(found > SILENT * found.max(), found, found.max())
            if found.max() > NOTHING else np.zeros_like(found) for name, found in peaks.items()}


def lower(lowering: type[Lowering], reference: Reference, tensors: Mapping[str, Tensor],
          peaks: Mapping[str, Reals], input_fraction: int) -> SpikingNetwork:
    """The integers of ``tensors``, whose images are codes of so many fraction bits."""
    whole = {name: value.double().numpy() for name, value in tensors.items()}
    return lowering(reference.configuration, whole, peaks, input_fraction).network()


class Lowering:
    """Of one model; `tensors` are real numbers, ``peaks`` those of maps by name."""

    name = NAME
    firing: Firing = Leaky()
    scale = SCALE

    def __init__(self, configuration: Configuration, tensors: Mapping[str, Reals],
                 peaks: Mapping[str, Reals], input_fraction: int) -> None:
        side, channels = configuration.image, configuration.channels
        self._configuration, self._tensors, self._peaks = configuration, tensors, peaks
        self._build = NetworkBuilder(
            self.name, channels * side * side, input_fraction, self.firing)
        self._image = Maps(name=INPUT, channels=channels, height=side, width=side,
                           units=np.full(channels, 2.0**-input_fraction))

    def network(self) -> SpikingNetwork:
        """Layer by layer."""
        x = self._image
        for layer in self._configuration.layers():
            if isinstance(layer, Down):
                x = self._down(layer, x)
            elif isinstance(layer, Convolutions):
                x = self._convolutions(layer, x)
            else:
                x = self._attention(layer, x)
        spikes = self._build.pooled("lif", x)
        head = self._normed("head")
        self._build.sums("head", spikes, placed(head, inputs=Places.of(self._configuration.out)))
        return self._build.network("head")

    def _normed(self, convolution: str, *norms: str, stride: int = 1, groups: int = 1) -> Normed:
        return normed(self._tensors, convolution, *norms, epsilon=EPSILON, stride=stride,
                      groups=groups)

    def _down(self, layer: Down, x: Maps) -> Maps:
        name = layer.name
        given = self._normed(f"{name}.encode_conv", f"{name}.encode_bn", stride=layer.stride)
        inputs = None
        if not layer.first:
            x, inputs = self._build.spikes(f"{name}.encode_lif", x), Places.of(layer.inputs)
        return self._build.sums(name, x, placed(given, Places.of(layer.outputs), inputs))

    def _convolutions(self, layer: Convolutions, x: Maps) -> Maps:
        name, build, width = layer.name, self._build, Places.of(layer.width)
        y = build.spikes(f"{name}.Conv.lif1", x)
        y = build.fires(f"{name}.Conv.lif2", y, placed(
            self._normed(f"{name}.Conv.pwconv1", f"{name}.Conv.bn1"), inputs=width))
        depth_wise = f"{name}.Conv.dwconv"
        y = build.maps(depth_wise, y, self._normed(depth_wise, groups=y.channels),
                       self._peaks[depth_wise])
        y = build.sums(f"{name}.Conv", y, placed(
            self._normed(f"{name}.Conv.pwconv2", f"{name}.Conv.bn2"), width))
        x = build.added(f"{name}.middle", x, y)
        y = build.spikes(f"{name}.lif1", x)
        y = build.fires(f"{name}.lif2", y, placed(
            self._normed(f"{name}.conv1", f"{name}.bn1"), inputs=width))
        y = build.sums(f"{name}.conv2", y, placed(
            self._normed(f"{name}.conv2", f"{name}.bn2"), width))
        return build.added(name, x, y)

    def _rep_conv(self, name: str, x: Maps, inputs: Places) -> tuple[Maps, Normed]:
        """The maps of its first two convolutions, and its third."""
        body = f"{name}.0.body"
        x = self._build.maps(f"{body}.0", x, placed(self._normed(f"{body}.0"), inputs=inputs),
                             self._peaks[f"{body}.0"])
        first = normed({**self._tensors, "one.weight": np.ones((x.channels, 1, 1, 1))}, "one",
                       f"{body}.1.bn", epsilon=EPSILON)
        second = self._normed(f"{body}.2.0", groups=x.channels)
        border = first.shift * second.weights.sum((1, 2, 3))
        second = replace(second, scale=second.scale * first.scale)
        x = self._build.maps(f"{body}.2.0", x, second, self._peaks[f"{body}.2.0"])
        third = self._normed(f"{body}.2.1", f"{body}.2.2", f"{name}.1")
        constant = third.scale * (third.weights[:, :, 0, 0] @ border)
        return x, replace(third, shift=third.shift + constant)

    def _attention(self, layer: Attention, x: Maps) -> Maps:
        name, build = f"{layer.name}.attn", self._build
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
            self._normed(f"{mlp}.fc1_conv", f"{mlp}.fc1_bn"), inputs=width))
        y = build.sums(f"{mlp}.fc2", y, placed(
            self._normed(f"{mlp}.fc2_conv", f"{mlp}.fc2_bn"), width))
        return build.added(layer.name, x, y)

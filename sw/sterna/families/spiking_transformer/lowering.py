"""The network of integers: every layer as populations, with what their maps reach on images.

Channels of a stage, and those of a head, that fill no words of `GRAIN` have more beside them, which
are never anything but 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking_transformer.builder import Firing, Maps, NetworkBuilder
from sterna.families.spiking_transformer.configuration import HEAD
from sterna.families.spiking_transformer.leaky import Leaky
from sterna.families.spiking_transformer.normed import Normed, Reals, normed
from sterna.families.spiking_transformer.reference import SCALE, Reference
from sterna.program.instructions import INPUT

HEADROOM = 1.25
"""Of maps between convolutions over what they reached."""
SILENT = 1e-6
"""A channel that reaches no more of the largest of its map."""
NOTHING = 1e-9
"""What a map reaches that is 0 but for rounding: the batch norm behind it makes at most 316 times
as much of it."""


class Lowering(ABC):
    """Of one model; ``tensors`` are real numbers, ``peaks`` those of maps by name, and images codes
    of ``input_fraction`` bits."""

    name: str
    firing: Firing = Leaky()
    scale = SCALE

    def __init__(self, configuration: Any, tensors: Mapping[str, Tensor],
                 peaks: Mapping[str, Reals], input_fraction: int) -> None:
        side, channels = configuration.image, configuration.channels
        self.configuration, self.peaks = configuration, peaks
        self.tensors = {name: value.double().numpy() for name, value in tensors.items()}
        self.build = NetworkBuilder(self.name, channels * side * side, input_fraction, self.firing)
        self._image = Maps(name=INPUT, channels=channels, height=side, width=side,
                           units=np.full(channels, 2.0**-input_fraction))

    def network(self) -> SpikingNetwork:
        """Layer by layer."""
        x = self._image
        for layer in self.configuration.layers():
            x = self.layer(layer, x)
        self.classes(x)
        return self.build.network(HEAD)

    @abstractmethod
    def layer(self, layer: Any, x: Maps) -> Maps:
        """The populations of a layer; what it gives on."""

    @abstractmethod
    def classes(self, x: Maps) -> None:
        """The populations of the read-out, the last of them `HEAD`."""

    def normed(self, convolution: str, *norms: str, stride: int = 1, groups: int = 1) -> Normed:
        """Of its tensors."""
        return normed(self.tensors, convolution, *norms, stride=stride, groups=groups)


def reached(reference: Reference, frames: Tensor) -> dict[str, Reals]:
    """What maps between convolutions are given room for, by name and channel: what the reference
    makes of frames [steps, samples, channels, rows, columns], and some more; channels that are
    silent then, as much as the others of their map."""
    peaks = {name: np.zeros(size) for name, size in reference.configuration.maps().items()}
    if not peaks:
        return {}

    def watch(name: str, value: Tensor) -> None:
        if name in peaks:
            found = value.abs().amax((0, 2, 3)).numpy() * HEADROOM
            peaks[name] = np.maximum(found, peaks[name])

    with torch.no_grad():
        for sample in frames.split(1, 1):  # of published sizes several need gigabytes
            reference.run(sample, watch)
    return {name: np.where(found > SILENT * found.max(), found, found.max())
            if found.max() > NOTHING else np.zeros_like(found) for name, found in peaks.items()}

"""Spikes of the reference beside those of the integers, population by population."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking_transformer.normed import Places
from sterna.families.spiking_transformer.version import Version
from sterna.law.neuron import Output

IN_HEADS = ("q_lif", "k_lif", "v_lif", "attn_lif")
"""Populations whose channels are in heads."""


class Spikes(NamedTuple):
    """Of so many neuron steps the share that spikes, and the share that is alike in both."""

    rate: float
    alike: float
    steps: int


class Watch:
    """What a reference with ``heads`` is watched by, see `Reference.run`.

    ``found`` are the outputs of the integers, [steps, samples, neurons] by population. With
    ``forced`` they go on in the place of the reference's, those of maps in units that fit best.
    """

    def __init__(self, version: Version, network: SpikingNetwork, heads: int,
                 found: Mapping[str, NDArray[np.integer]], forced: bool = False) -> None:
        firing = version.lowering.firing
        self._units = {
            item.name: firing.attention_unit if item.name.endswith("attn_lif") else firing.unit
            for item in network.populations if item.definition.output is Output.SPIKE}
        self._found, self._heads, self._forced = found, heads, forced
        self.spikes: dict[str, Spikes] = {}

    def __call__(self, name: str, real: Tensor) -> Tensor | None:
        other = torch.from_numpy(self._found[name]).reshape(len(real), -1, *real.shape[2:])
        groups = self._heads if name.endswith(IN_HEADS) else 1
        other = other[:, Places.of(real.shape[1], groups).at].to(real.dtype)
        unit = self._units.get(name)
        if unit is not None:
            other = other * unit
            self.spikes[name] = Spikes(
                float((real != 0).double().mean()), float((real == other).double().mean()),
                real.numel())
        else:
            squares = (other * other).sum((0, 2, 3)).clamp(min=1)
            other = other * ((other * real).sum((0, 2, 3)) / squares)[:, None, None]
        return other if self._forced else None

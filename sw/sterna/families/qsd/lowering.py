"""The network of integers: that of Spike-driven Transformer V2, with weights on their steps.

They are exact, but those behind maps without neurons, whose units differ by channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from sterna.families.qsd.configuration import STEP, Configuration
from sterna.families.qsd.counts import Counts
from sterna.families.qsd.names import NAME
from sterna.families.qsd.plain import plain
from sterna.families.qsd.reference import SCALE
from sterna.families.sdt_v2 import lowering
from sterna.families.spiking_transformer.normed import Normed, Reals


class Lowering(lowering.Lowering):
    """Of one model."""

    name = NAME
    firing = Counts()
    scale = SCALE

    def __init__(self, configuration: Configuration, tensors: Mapping[str, Tensor],
                 peaks: Mapping[str, Reals], input_fraction: int) -> None:
        super().__init__(configuration, plain(tensors), peaks, input_fraction)
        self._steps = {name: value.double().numpy() for name, value in tensors.items()
                       if name.endswith(STEP)}

    def normed(self, convolution: str, *norms: str, stride: int = 1, groups: int = 1) -> Normed:
        """Of its tensors, with their steps."""
        made = super().normed(convolution, *norms, stride=stride, groups=groups)
        return replace(made, steps=self._steps[convolution + STEP])

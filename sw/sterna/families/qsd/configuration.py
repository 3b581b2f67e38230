"""The shape of a QSD-Transformer: that of Spike-driven Transformer V2, with a step of every weight.

Weights have a step an output, ``alpha``, and what blocks of attention add is scaled by channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from sterna.families.qsd.names import NAME
from sterna.families.sdt_v2 import configuration
from sterna.families.sdt_v2.configuration import Attention, Layer
from sterna.families.spiking_transformer.configuration import HEAD, Shapes

STEP, SCALES = ".alpha", ("layer_scale1", "layer_scale2")


@dataclass(frozen=True, kw_only=True)
class Configuration(configuration.Configuration):
    """As of a Spike-driven Transformer V2. Raises `InputError` for what cannot be."""

    family: ClassVar[str] = NAME
    last_widths: ClassVar[Mapping[int, int]] = MappingProxyType(
        {48: 256, 64: 360, 96: 480, 128: 640})

    def tensors(self, layer: Layer) -> Shapes:
        """Those, and steps and scales."""
        for name, shape in super().tensors(layer):
            yield name, shape
            if len(shape) > 1:
                yield name.removesuffix(".weight") + STEP, shape[:1]
        if isinstance(layer, Attention):
            yield from ((name, (layer.width,)) for name in SCALES)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of every tensor by its name."""
        return super().shapes() | {HEAD + STEP: (self.classes,)}

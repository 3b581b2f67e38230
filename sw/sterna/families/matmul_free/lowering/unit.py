"""The channel mixer of a lowered layer: one interface, an implementation for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.gains import ScaledGain
from sterna.families.matmul_free.lowering.gated_unit import GatedUnit
from sterna.families.matmul_free.lowering.spiking_unit import SpikingUnit
from sterna.families.matmul_free.weights import LayerWeights
from sterna.law.neuron_parameters import NeuronParameters
from sterna.program.definition import CodeFormat, VectorFormat
from sterna.program.instructions import Element, Item


class Unit(Protocol):
    """Operations between the residual stream and itself, and the parameters that they name."""

    def items(self, next_codes: Element) -> list[Item]:
        """From the absolute maximum ``unit`` and the squares ``unit_norm`` to the new stream.

        `next_codes` is what the last kernel computes of it for what follows.
        """
        ...

    def vectors(self) -> dict[str, VectorFormat]:
        """The vectors that the items name."""
        ...

    def codes(self) -> dict[str, CodeFormat]:
        """The codes of the populations that the items name."""
        ...

    def shapes(self) -> dict[str, tuple[int, int]]:
        """The matrices that the items name."""
        ...

    def matrices(self, layer: LayerWeights) -> Mapping[str, NDArray[np.int8]]:
        """Their trits in a layer."""
        ...

    def gains(self, layer: LayerWeights) -> dict[str, ScaledGain]:
        """The constant vectors that the items name; ``unit`` and ``unit_norm`` among them."""
        ...

    def scalars(
        self, layer: LayerWeights, gains: Mapping[str, ScaledGain]
    ) -> dict[str, Callable[[], float]]:
        """The scalar constants that the items name."""
        ...


    def neurons(self, layer: LayerWeights) -> Mapping[str, NeuronParameters]:
        """The numbers of the populations that the items name."""
        ...


_UNITS: dict[str, Callable[[ModelConfig, Formats], Unit]] = {
    "glu": GatedUnit,
    "lif": SpikingUnit,
}


def unit_of(config: ModelConfig, formats: Formats) -> Unit:
    """The channel mixer of a machine."""
    return _UNITS[config.channel_mixer](config, formats)

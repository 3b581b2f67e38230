"""A population of neurons as the channel mixer of a lowered layer.

The dequantised products of the first matrix are the current of the neurons, in the fraction of
their membranes. Their spikes are the codes of the second matrix: no absolute maximum, no norm and
no rounding lie between, and what its accumulators stand for is a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import FLOOR, ModelConfig
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.gains import ScaledGain
from sterna.families.matmul_free.lowering.recipes import (
    code_items,
    factor_items,
    matmul_kernel,
    rsqrt_items,
)
from sterna.families.matmul_free.lowering.scales import Scales, product, with_epsilon
from sterna.families.matmul_free.weights import LayerWeights
from sterna.law.neuron import Decay, NeuronDefinition, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.program.definition import CodeFormat, VectorFormat
from sterna.program.instructions import Element, Item, Scalar, ScalarOperation
from sterna.program.neurons import Neurons

POPULATION = "neurons"


class SpikingUnit:
    """Implements `sterna.families.matmul_free.lowering.unit.Unit`."""

    def __init__(self, config: ModelConfig, formats: Formats) -> None:
        self._hidden, self._width = config.hidden_size, config.intermediate_size
        self._formats, self._scales = formats, Scales(formats)
        self._definition = NeuronDefinition(
            sum_bits=formats.word_bits, membrane_bits=formats.word_bits, decay=Decay.MULTIPLY,
            reset=Reset.SOFT, strict=False, clamped=True,
        )

    def items(self, next_codes: Element) -> list[Item]:
        """See `Unit.items`."""
        current = Element(result="y", a="unit_sums", multiplier=Scalar("unit_real"))
        new = Element(result="x", a="down_sums", multiplier=Scalar("down_factor"), addend="x")
        return [
            *code_items("unit", self._hidden),
            *rsqrt_items("unit_norm"),
            *factor_items("unit_real", "unit_absmax", "unit_norm_rsqrt", "unit_factor"),
            matmul_kernel("unit", self._width, [current], "unit"),
            Neurons(
                name=POPULATION, length=self._width, definition=self._definition, current="y",
                codes="down",
            ),
            ScalarOperation(result="down_factor", operation="constant", operands=("down_factor",)),
            matmul_kernel("down", self._hidden, [new, next_codes], "down"),
        ]

    def vectors(self) -> dict[str, VectorFormat]:
        """See `Unit.vectors`."""
        return {"y": VectorFormat(length=self._width, fraction=self._formats.activation_fraction)}

    def codes(self) -> dict[str, CodeFormat]:
        """See `Unit.codes`."""
        return {"down": CodeFormat(length=self._width, limit=self._definition.max_count)}

    def shapes(self) -> dict[str, tuple[int, int]]:
        """See `Unit.shapes`."""
        return {"unit": (self._width, self._hidden), "down": (self._hidden, self._width)}

    def matrices(self, layer: LayerWeights) -> Mapping[str, NDArray[np.int8]]:
        """See `Unit.matrices`."""
        unit = layer.spiking_unit
        return {"unit": unit.up_proj.matrix.codes, "down": unit.down_proj.codes}

    def gains(self, layer: LayerWeights) -> dict[str, ScaledGain]:
        """See `Unit.gains`."""
        gain = self._scales.gain
        return {
            "unit_norm": gain(with_epsilon(layer.mlp_norm)),
            "unit": gain(product(layer.mlp_norm, layer.spiking_unit.up_proj.gain)),
        }

    def scalars(
        self, layer: LayerWeights, gains: Mapping[str, ScaledGain]
    ) -> dict[str, Callable[[], float]]:
        """See `Unit.scalars`."""
        unit, formats = layer.spiking_unit, self._formats
        source, norm = gains["unit"].fraction, gains["unit_norm"].fraction
        return {
            "unit_factor": lambda: self._scales.factor(
                unit.up_proj, formats.activation_fraction, source, norm
            ),
            "down_factor": lambda: unit.down_proj.scale * 2.0**formats.residual_fraction,
        }

    def neurons(self, layer: LayerWeights) -> Mapping[str, NeuronParameters]:
        """See `Unit.neurons`."""
        neurons = layer.spiking_unit.neurons
        one = 2.0**self._formats.activation_fraction
        return {
            POPULATION: NeuronParameters.of(
                factor=np.rint(neurons.decay * 2.0**self._definition.factor_fraction),
                threshold=np.rint(neurons.threshold * one),
                floor=round(FLOOR * one),
            )
        }

"""The gated linear unit of the releases in a lowered layer: its operations and their parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.families.matmul_free.configuration import NORM_EPSILON, ModelConfig
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.lowering.gains import ScaledGain
from sterna.families.matmul_free.lowering.recipes import (
    code_items,
    epsilon_items,
    factor_items,
    gained,
    matmul_kernel,
    rsqrt_items,
)
from sterna.families.matmul_free.lowering.scales import Scales, product, with_epsilon
from sterna.families.matmul_free.weights import LayerWeights
from sterna.law.neuron_parameters import NeuronParameters
from sterna.program.definition import CodeFormat, VectorFormat
from sterna.program.instructions import Element, Item, Lookup, Scalar, ScalarOperation, Vector


class GatedUnit:
    """Implements `sterna.families.matmul_free.lowering.unit.Unit`."""

    def __init__(self, config: ModelConfig, formats: Formats) -> None:
        self._hidden, self._width = config.hidden_size, config.intermediate_size
        self._formats, self._scales = formats, Scales(formats)

    def items(self, next_codes: Element) -> list[Item]:
        """See `Unit.items`."""
        down: list[Element | Lookup] = [
            Element(result="x", a="down_sums", multiplier=Scalar("down_real"), addend="x"),
            next_codes,
        ]
        return [
            *code_items("unit", self._hidden),
            *rsqrt_items("unit_norm"),
            ScalarOperation(
                result="unit_input",
                operation="multiply",
                operands=("unit_absmax", "unit_norm_rsqrt"),
            ),
            ScalarOperation(result="unit_factor", operation="constant", operands=("unit_factor",)),
            ScalarOperation(
                result="unit_real", operation="multiply", operands=("unit_input", "unit_factor")
            ),
            ScalarOperation(result="up_factor", operation="constant", operands=("up_factor",)),
            ScalarOperation(
                result="up_real", operation="multiply", operands=("unit_input", "up_factor")
            ),
            matmul_kernel("unit", self._width, self._gated(), "unit", "up"),
            *code_items("down", self._width),
            *epsilon_items("z_squares", "down_epsilon", None),
            *factor_items("down_real", "down_absmax", "z_squares_rsqrt", "down_factor"),
            matmul_kernel("down", self._hidden, down, "down"),
        ]

    def _gated(self) -> list[Element | Lookup]:
        formats = self._formats
        return [
            Element(result="y", a="unit_sums", multiplier=Scalar("unit_real")),
            Element(result="up_half", a="up_sums", multiplier=Scalar("up_real")),
            Lookup(result="y_sigmoid", a="y", table="sigmoid"),
            gained(formats.gain_shift, "up_gained", "up_half", "down"),
            Element(
                result="y_swish",
                a="y",
                multiplier=Vector("y_sigmoid"),
                shift=formats.gate_swish_shift,
            ),
            Element(
                result="down_source",
                a="y_swish",
                multiplier=Vector("up_gained"),
                shift=formats.product_shift,
                absmax="down",
            ),
            Element(
                result=None,
                a="y_swish",
                multiplier=Vector("up_half"),
                shift=formats.product_shift,
                squares="z_squares",
            ),
        ]

    def vectors(self) -> dict[str, VectorFormat]:
        """See `Unit.vectors`."""
        formats = self._formats
        wide: dict[str, int | None] = {
            "y": formats.activation_fraction, "y_sigmoid": formats.gate_fraction,
            "y_swish": formats.swish_fraction, "up_half": formats.up_fraction,
            "up_gained": None, "down_source": None,
        }  # fmt: skip
        return {
            name: VectorFormat(length=self._width, fraction=fraction)
            for name, fraction in wide.items()
        }

    def codes(self) -> dict[str, CodeFormat]:
        """See `Unit.codes`."""
        return {}

    def shapes(self) -> dict[str, tuple[int, int]]:
        """See `Unit.shapes`."""
        inward, outward = (self._width, self._hidden), (self._hidden, self._width)
        return {"unit": inward, "up": inward, "down": outward}

    def matrices(self, layer: LayerWeights) -> Mapping[str, NDArray[np.int8]]:
        """See `Unit.matrices`."""
        unit = layer.gated_unit
        codes = unit.gate_proj.matrix.codes
        return {
            "unit": codes[: self._width],
            "up": codes[self._width :],
            "down": unit.down_proj.matrix.codes,
        }

    def gains(self, layer: LayerWeights) -> dict[str, ScaledGain]:
        """See `Unit.gains`."""
        unit, gain = layer.gated_unit, self._scales.gain
        return {
            "unit_norm": gain(with_epsilon(layer.mlp_norm)),
            "unit": gain(product(layer.mlp_norm, unit.gate_proj.gain)),
            "down": gain(unit.down_proj.gain, self._formats.down_gain_bits),
        }

    def scalars(
        self, layer: LayerWeights, gains: Mapping[str, ScaledGain]
    ) -> dict[str, Callable[[], float]]:
        """See `Unit.scalars`."""
        unit, formats, factor = layer.gated_unit, self._formats, self._scales.factor
        source, norm = gains["unit"].fraction, gains["unit_norm"].fraction
        down = gains["down"].fraction - formats.gain_shift
        return {
            "unit_factor": lambda: factor(
                unit.gate_proj, formats.activation_fraction, source, norm
            ),
            "up_factor": lambda: factor(unit.gate_proj, formats.up_fraction, source, norm),
            "down_factor": lambda: factor(unit.down_proj, formats.residual_fraction, down, 0),
            "down_epsilon": lambda: (
                NORM_EPSILON * self._width * 2.0 ** (2 * formats.product_fraction)
            ),
        }

    def neurons(self, layer: LayerWeights) -> Mapping[str, NeuronParameters]:
        """See `Unit.neurons`."""
        return {}

"""Choosing formats for a model from the values that its float reference computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil, isfinite, log2
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sterna.compiler.lowering.formats import Formats
from sterna.errors import InputError
from sterna.models.configuration import ModelConfig
from sterna.models.mmfree import Layer
from sterna.models.weights import (
    LAYER_MATRICES,
    LAYER_NORMS,
    BitLinearWeights,
    LayerWeights,
    MatMulFreeModel,
)
from sterna.program.arithmetic import MAX_SHIFT, SHIFT_STEP

Progress = Callable[[int, int], None]

CALIBRATION_TOKENS = 2048
"""Tokens of a text that `sterna import --calibrate` looks at."""
LEAST_HEADROOM, MOST_HEADROOM = 2.0, 8.0
"""Times by which a value may exceed the largest that was seen before it saturates."""
# Fewer fraction bits make the sigmoid's table too coarse.
_LEAST_ACTIVATION = 10


@dataclass
class Ranges:
    """Largest magnitudes seen."""

    residual: float = 0.0
    activation: float = 0.0
    up: float = 0.0
    product: float = 0.0

    def see(self, name: str, values: Tensor) -> None:
        """Let values enter; raises `InputError` when they are not finite."""
        largest = float(values.abs().max())
        if not isfinite(largest):
            raise InputError(
                f"calibration: values of the {name} are beyond float32; the weights are damaged"
            )
        setattr(self, name, max(getattr(self, name), largest))


def observe_ranges(
    model: MatMulFreeModel, tokens: Sequence[int], progress: Progress | None = None
) -> Ranges:
    """Largest magnitudes of the residual stream, the sigmoids' inputs and the gated unit.

    All tokens pass a layer before the next one is unpacked, so that memory holds a layer and not
    the model. The state needs no look: it never exceeds the swish of the candidate's activation.
    """
    ranges = Ranges()
    values = torch.from_numpy(model.embeddings[list(tokens)].astype(np.float32)).unsqueeze(1)
    ranges.see("residual", values)
    start = torch.zeros_like(values[0])
    for index, weights in enumerate(model.layers):
        if progress is not None:
            progress(index, len(model.layers))
        layer = _float_layer(model.config, weights)
        with _hooks(layer, ranges), torch.no_grad():
            values, _ = layer(values, torch.from_numpy(weights.lower_bound), start)
    if progress is not None:
        progress(len(model.layers), len(model.layers))
    return ranges


def _float_layer(config: ModelConfig, weights: LayerWeights) -> Layer:
    """One layer of the float reference: weights exactly codes times scale."""
    state: dict[str, Tensor] = {}
    for name, suffix in LAYER_NORMS.items():
        state[f"{suffix}.weight"] = torch.from_numpy(getattr(weights, name))
    for name, suffix in LAYER_MATRICES.items():
        linear: BitLinearWeights = getattr(weights, name)
        codes = torch.from_numpy(linear.matrix.codes)
        state[f"{suffix}.weight"] = codes.float().mul_(linear.matrix.scale)
        state[f"{suffix}.norm.weight"] = torch.from_numpy(linear.gain)
    with torch.device("meta"):
        layer = Layer(config, ternarised=True)
    layer.load_state_dict(state, assign=True)
    return layer.requires_grad_(False).eval()


@contextmanager
def _hooks(layer: Layer, ranges: Ranges) -> Iterator[None]:
    handles = []

    def listen(module: nn.Module, function: Callable[[Tensor, Tensor], None]) -> None:
        def call(_: nn.Module, inputs: Any, output: Any) -> None:
            function(inputs[0], output[0] if isinstance(output, tuple) else output)

        handles.append(module.register_forward_hook(call))

    def unit(_: Tensor, output: Tensor) -> None:
        gate, up = output.chunk(2, -1)
        ranges.see("activation", gate)
        ranges.see("up", up)

    listen(layer, lambda _, output: ranges.see("residual", output))
    listen(layer.mlp_norm, lambda value, _: ranges.see("residual", value))
    for projection in (layer.attn.i_proj, layer.attn.f_proj):
        listen(projection, lambda _, output: ranges.see("activation", output))
    listen(layer.mlp.gate_proj, unit)
    listen(layer.mlp.down_proj, lambda value, _: ranges.see("product", value))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _fraction(base: int, largest: float, word_bits: int) -> int:
    """The default, or what is nearest to it with a headroom between the two limits."""

    def with_headroom(times: float) -> int:
        return max(0, word_bits - 1 - ceil(log2(max(largest * times, 2.0**-word_bits))))

    return min(max(base, with_headroom(MOST_HEADROOM)), with_headroom(LEAST_HEADROOM))


def calibrate(
    model: MatMulFreeModel,
    tokens: Sequence[int],
    word_bits: int = 18,
    progress: Progress | None = None,
) -> Formats:
    """Formats that leave headroom above what the float reference computes on `tokens`.

    The defaults stay where they leave enough; a model with larger values gives up precision, one
    with much smaller values gains some. A thousand tokens of text are enough. `progress` is told
    the layers done and the layers in all. Raises `InputError` without tokens, and when the float
    reference overflows.
    """
    if not tokens:
        raise InputError("calibration needs at least one token")
    return formats_for(observe_ranges(model, tokens, progress), word_bits)


def formats_for(ranges: Ranges, word_bits: int = 18) -> Formats:
    """The defaults of the word width, moved as far as the ranges ask for."""
    base = Formats.default(word_bits)
    activation = min(
        base.activation_fraction, _fraction(base.activation_fraction, ranges.activation, word_bits)
    )
    activation = max(activation, _LEAST_ACTIVATION)
    product = _fraction(base.product_fraction, ranges.product, word_bits)
    up = _fraction(base.up_fraction, ranges.up, word_bits)
    # The shift from the halves to the product exists: a multiple of four up to the greatest.
    product = min(product, activation + up)
    up = min(up, MAX_SHIFT + product - activation)
    excess = (activation + up - product) % SHIFT_STEP
    up = up - excess if up >= excess else up + SHIFT_STEP - excess
    return replace(
        base,
        residual_fraction=_fraction(base.residual_fraction, ranges.residual, word_bits),
        activation_fraction=activation,
        state_fraction=activation,
        swish_fraction=activation,
        up_fraction=up,
        product_fraction=product,
    )

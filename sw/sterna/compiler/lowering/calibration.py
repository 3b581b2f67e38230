"""Choosing formats for a model from the values that its float reference computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil, log2
from typing import Any

import torch
from torch import Tensor, nn

from sterna.compiler.lowering.formats import Formats
from sterna.errors import InputError
from sterna.models.conversion import float_reference
from sterna.models.mmfree import MatMulFreeLM
from sterna.models.weights import MatMulFreeModel
from sterna.program.arithmetic import SHIFT_STEP

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
        """Let values enter."""
        setattr(self, name, max(getattr(self, name), float(values.abs().max())))


def observe_ranges(reference: MatMulFreeLM, tokens: Sequence[int]) -> Ranges:
    """Largest magnitudes of the residual stream, the sigmoids' inputs and the gated unit.

    The state needs no look: it never exceeds the swish of the candidate's activation.
    """
    ranges = Ranges()
    with _hooks(reference, ranges), torch.no_grad():
        reference(torch.tensor([list(tokens)]))
    return ranges


@contextmanager
def _hooks(reference: MatMulFreeLM, ranges: Ranges) -> Iterator[None]:
    handles = []

    def listen(module: nn.Module, function: Callable[[Tensor, Tensor], None]) -> None:
        def call(_: nn.Module, inputs: Any, output: Any) -> None:
            function(inputs[0], output[0] if isinstance(output, tuple) else output)

        handles.append(module.register_forward_hook(call))

    def unit(_: Tensor, output: Tensor) -> None:
        gate, up = output.chunk(2, -1)
        ranges.see("activation", gate)
        ranges.see("up", up)

    embeddings = reference.model.get_submodule("embeddings")
    listen(embeddings, lambda _, output: ranges.see("residual", output))
    for layer in reference.model.get_submodule("layers").children():
        mixer, channel = layer.get_submodule("attn"), layer.get_submodule("mlp")
        listen(layer, lambda _, output: ranges.see("residual", output))
        listen(layer.get_submodule("mlp_norm"), lambda value, _: ranges.see("residual", value))
        for name in ("i_proj", "f_proj"):
            listen(
                mixer.get_submodule(name), lambda _, output: ranges.see("activation", output)
            )
        listen(channel.get_submodule("gate_proj"), unit)
        listen(channel.get_submodule("down_proj"), lambda value, _: ranges.see("product", value))
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


def calibrate(model: MatMulFreeModel, tokens: Sequence[int], word_bits: int = 18) -> Formats:
    """Formats that leave headroom above what the float reference computes on `tokens`.

    The defaults stay where they leave enough; a model with larger values gives up precision, one
    with much smaller values gains some. A thousand tokens of text are enough. Raises `InputError`
    without tokens.
    """
    if not tokens:
        raise InputError("calibration needs at least one token")
    return formats_for(observe_ranges(float_reference(model), tokens), word_bits)


def formats_for(ranges: Ranges, word_bits: int = 18) -> Formats:
    """The defaults of the word width, moved as far as the ranges ask for."""
    base = Formats.default(word_bits)
    activation = min(
        base.activation_fraction, _fraction(base.activation_fraction, ranges.activation, word_bits)
    )
    activation = max(activation, _LEAST_ACTIVATION)
    product = _fraction(base.product_fraction, ranges.product, word_bits)
    up = _fraction(base.up_fraction, ranges.up, word_bits)
    # The shift from the halves to the product is a multiple of four, and not negative.
    product = min(product, activation + up)
    up -= (activation + up - product) % SHIFT_STEP
    return replace(
        base,
        residual_fraction=_fraction(base.residual_fraction, ranges.residual, word_bits),
        activation_fraction=activation,
        state_fraction=activation,
        swish_fraction=activation,
        up_fraction=up,
        product_fraction=product,
    )

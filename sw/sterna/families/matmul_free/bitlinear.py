"""The ternary linear layers of the MatMul-free LM, in float32.

Source: "Scalable MatMul-free Language Modeling" (arXiv 2406.02528), as the fused path of the
official implementation computes it: the layer's own RMSNorm with epsilon 1e-6, int8 codes from
the absolute maximum of each row, ternary weights from the mean of the absolute values.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.matmul_free.configuration import NORM_EPSILON
from sterna.law.arithmetic import CODE_LIMIT

SCALE_FLOOR = 1e-5
CODE_MAXIMUM = CODE_LIMIT


def ternary_scale(weight: Tensor) -> Tensor:
    """The value of a unit code, `max(mean|W|, 1e-5)`, a float32 scalar.

    The mean is accumulated in float64, so that it depends on no order of summation.
    """
    mean = weight.float().abs().mean(dtype=torch.float64)
    return mean.float().clamp(min=SCALE_FLOOR)


def ternary_codes(weight: Tensor) -> Tensor:
    """`clamp(round_half_even(W / mean|W|), -1, 1)` in float32, of the shape of `weight`."""
    return (weight.float() * ternary_scale(weight).reciprocal()).round().clamp(-1, 1)


class _FakeTernary(torch.autograd.Function):
    """Codes times scale forwards; the gradient passes straight through."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        scale = ternary_scale(weight)
        return (weight * scale.reciprocal()).round_().clamp_(-1, 1).mul_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


class _FakeInt8(torch.autograd.Function):
    """Rounds each row to 127 steps of its absolute maximum; the gradient passes straight."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        scale = CODE_MAXIMUM / values.abs().amax(-1, keepdim=True).clamp(min=SCALE_FLOOR)
        codes = (values * scale).round_().clamp_(-CODE_MAXIMUM - 1, CODE_MAXIMUM)
        return codes.div_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


def fake_ternary(weight: Tensor) -> Tensor:
    """Ternary weights `codes * scale` with the straight-through gradient."""
    result = _FakeTernary.apply(weight)
    assert isinstance(result, Tensor)
    return result


def fake_int8(values: Tensor) -> Tensor:
    """Int8 codes over the last axis, scaled back, with the straight-through gradient."""
    result = _FakeInt8.apply(values)
    assert isinstance(result, Tensor)
    return result


class RMSNorm(nn.Module):
    """`v * weight / sqrt(mean(v^2) + epsilon)` over the last axis; no bias."""

    def __init__(self, width: int, epsilon: float = NORM_EPSILON) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, values: Tensor) -> Tensor:
        return functional.rms_norm(values, self.weight.shape, self.weight, self.epsilon)


class TernaryLinear(nn.Module):
    """A linear layer without bias whose inputs are codes already, such as spikes.

    `weight` is `[outputs, inputs]`. With `ternarised` the weight already is codes times scale
    and is used as it stands: ternarising twice would change the scale.
    """

    def __init__(self, inputs: int, outputs: int, ternarised: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.ternarised = ternarised
        nn.init.normal_(self.weight, std=inputs**-0.5)

    def forward(self, values: Tensor) -> Tensor:
        """Map `[..., inputs]` to `[..., outputs]`."""
        weight = self.weight if self.ternarised else fake_ternary(self.weight)
        return functional.linear(values, weight)


class BitLinear(TernaryLinear):
    """A ternary layer behind a norm of its own and int8 codes."""

    def __init__(self, inputs: int, outputs: int, ternarised: bool = False) -> None:
        super().__init__(inputs, outputs, ternarised)
        self.norm = RMSNorm(inputs)

    def forward(self, values: Tensor) -> Tensor:
        """Map `[..., inputs]` to `[..., outputs]`."""
        return super().forward(fake_int8(self.norm(values)))

"""The greatest magnitudes that the float reference of a model computes, of all that words hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sterna.errors import InputError
from sterna.families.matmul_free.bitlinear import CODE_MAXIMUM, SCALE_FLOOR
from sterna.families.matmul_free.configuration import NORM_EPSILON, ModelConfig
from sterna.families.matmul_free.lif import fire
from sterna.families.matmul_free.lowering.gains import gain_exponent
from sterna.families.matmul_free.lowering.scales import with_epsilon
from sterna.families.matmul_free.recurrence import linear_recurrence
from sterna.families.matmul_free.weights import (
    BitLinearWeights,
    GatedUnitWeights,
    LayerWeights,
    SpikingUnitWeights,
)
from sterna.golden.matrices import ternary_product


@dataclass
class Ranges:
    """Greatest magnitudes by name, as real numbers.

    Gains enter as they are stored, divided by a power of two that brings the greatest of a vector
    into 0.5 .. 1; accumulators are integers.
    """

    residual: float = 0.0
    """Residual stream."""
    residual_source: float = 0.0
    """Residual stream times gains: sources of codes, and what norms square."""
    activation: float = 0.0
    """Candidate, forget gate and gated unit in front of their sigmoids; membranes."""
    state_gained: float = 0.0
    """Swish of the state times the norm's gain; `state_output` times the next gain too."""
    state_output: float = 0.0
    gated: float = 0.0
    """Gate accumulators times `state_gained`; `output_source` times `state_output`."""
    output_source: float = 0.0
    up: float = 0.0
    """Linear half of the gated unit; `up_gained` times the gain of the down projection."""
    up_gained: float = 0.0
    product: float = 0.0
    """The gated unit's result; `down_source` times the gain of the down projection."""
    down_source: float = 0.0
    sources: dict[str, list[float]] = field(default_factory=dict)
    """By projection: the greatest magnitude of the source of its codes in every layer."""

    def see(self, name: str, values: Tensor, source: str | None = None) -> None:
        """Let values enter; raises `InputError` when they are not finite."""
        largest = float(values.abs().max())
        if not isfinite(largest):
            raise InputError(
                f"calibration: values of the {name} are beyond float32; the weights are damaged"
            )
        setattr(self, name, max(getattr(self, name), largest))
        if source is not None:
            self.sources.setdefault(source, []).append(largest)


class Projection(NamedTuple):
    """Accumulators of a ternary layer, float32 [tokens, outputs], and what one stands for."""

    accumulators: Tensor
    unit: Tensor

    @property
    def values(self) -> Tensor:
        """The layer's result."""
        return self.accumulators * self.unit


class Observer:
    """Takes all tokens through a layer before it sees the next: memory holds a layer, not a model.

    Every weight is looked at once. Arithmetic as in `sterna.families.matmul_free.reference`, with
    the weights in their codes, which are unpacked into pieces that stay in the cache.
    """

    def __init__(self, config: ModelConfig, rows: NDArray[np.floating]) -> None:
        """`rows` are the embedding rows of a text, [tokens, hidden]."""
        self.ranges = Ranges()
        self._epsilon = config.rms_norm_eps
        self._values = torch.from_numpy(rows.astype(np.float32))
        self.ranges.see("residual", self._values)

    def see_layer(self, weights: LayerWeights) -> None:
        """Compute the next layer on all tokens."""
        with torch.no_grad():
            self._mix_tokens(weights)
            self._mix_channels(weights)

    def see_head(self, norm: NDArray[np.float32], head: BitLinearWeights) -> None:
        """Look at the head's source of codes, after the last layer."""
        self._see_sources(norm, lm_head=head)

    def _mix_tokens(self, weights: LayerWeights) -> None:
        see = self.ranges.see
        self._see_sources(
            weights.attn_norm,
            i_proj=weights.i_proj, f_proj=weights.f_proj, g_proj=weights.g_proj,
        )  # fmt: skip
        values = _norm(self._values, weights.attn_norm, self._epsilon)
        candidate = _project(values, weights.i_proj).values
        forget = _project(values, weights.f_proj).values
        gate = _project(values, weights.g_proj)
        see("activation", candidate)
        see("activation", forget)

        bound = torch.from_numpy(weights.lower_bound)
        keep = (1 - bound) * torch.sigmoid(-forget)
        start = torch.zeros_like(candidate[0])
        states = linear_recurrence(1 - keep, functional.silu(candidate) * keep, start)
        swish = functional.silu(states)

        gained = swish * _normalised(weights.g_norm)
        output_gain = _normalised(weights.o_proj.gain)
        see("state_gained", gained)
        see("state_output", gained * output_gain)
        see("gated", gate.accumulators * gained)
        see("output_source", gate.accumulators * gained * output_gain, "o_proj")

        gated = _norm(gate.values, weights.g_norm, self._epsilon) * swish
        self._values = self._values + _project(gated, weights.o_proj).values
        see("residual", self._values)

    def _mix_channels(self, weights: LayerWeights) -> None:
        if isinstance(weights.unit, GatedUnitWeights):
            self._gate(weights, weights.unit)
        else:
            self._fire(weights, weights.unit)
        self.ranges.see("residual", self._values)

    def _fire(self, weights: LayerWeights, unit: SpikingUnitWeights) -> None:
        self._see_sources(weights.mlp_norm, up_proj=unit.up_proj)
        values = _norm(self._values, weights.mlp_norm, self._epsilon)
        drive = _project(values, unit.up_proj).values
        self.ranges.see("activation", drive)
        decay, threshold = (
            torch.from_numpy(part.astype(np.float32))
            for part in (unit.neurons.decay, unit.neurons.threshold)
        )
        start = torch.zeros_like(drive[0])
        potentials, spikes, _ = fire(drive, decay, threshold, start)
        self.ranges.see("activation", potentials)
        sums = ternary_product(torch.from_numpy(unit.down_proj.codes).T, spikes)
        self._values = self._values + sums * unit.down_proj.scale

    def _gate(self, weights: LayerWeights, unit: GatedUnitWeights) -> None:
        see = self.ranges.see
        self._see_sources(weights.mlp_norm, gate_proj=unit.gate_proj)
        values = _norm(self._values, weights.mlp_norm, self._epsilon)
        gate, up = _project(values, unit.gate_proj).values.chunk(2, -1)
        product = functional.silu(gate) * up
        gain = _normalised(unit.down_proj.gain)
        see("activation", gate)
        see("up", up)
        see("up_gained", up * gain)
        see("product", product)
        see("down_source", product * gain, "down_proj")
        self._values = self._values + _project(product, unit.down_proj).values

    def _see_sources(self, norm: NDArray[np.float32], **projections: BitLinearWeights) -> None:
        """What the norm squares of the residual stream, and the sources of codes made of it."""
        self.ranges.see("residual_source", self._values * _normalised(with_epsilon(norm)))
        for name, weights in projections.items():
            source = self._values * _normalised(norm * weights.gain)
            self.ranges.see("residual_source", source, name)


def _norm(values: Tensor, gain: NDArray[np.float32], epsilon: float) -> Tensor:
    return functional.rms_norm(values, values.shape[-1:], torch.from_numpy(gain), epsilon)


def _project(values: Tensor, weights: BitLinearWeights) -> Projection:
    normed = _norm(values, weights.gain, NORM_EPSILON)
    largest = normed.abs().amax(-1, keepdim=True).clamp(min=SCALE_FLOOR)
    codes = (normed * (CODE_MAXIMUM / largest)).round()
    accumulators = ternary_product(torch.from_numpy(weights.matrix.codes).T, codes)
    return Projection(accumulators.float(), largest * (weights.matrix.scale / CODE_MAXIMUM))


def _normalised(gain: NDArray[np.floating]) -> Tensor:
    """The gain as it is stored, below one, float32."""
    scaled = gain.astype(np.float64) * 2.0 ** -gain_exponent(gain)
    return torch.from_numpy(scaled.astype(np.float32))

"""The greatest magnitudes that the float reference of a model computes, of all that words hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sterna.compiler.lowering.gains import gain_exponent
from sterna.compiler.lowering.parameters import with_epsilon
from sterna.errors import InputError
from sterna.models.bitlinear import SCALE_FLOOR
from sterna.models.configuration import NORM_EPSILON, ModelConfig
from sterna.models.mmfree import Layer
from sterna.models.weights import LAYER_MATRICES, LAYER_NORMS, BitLinearWeights, LayerWeights
from sterna.program.arithmetic import CODE_LIMIT


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
    """Candidate, forget gate and gated unit in front of their sigmoids."""
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


class Observer:
    """Takes all tokens through a layer before it sees the next: memory holds a layer, not a model.

    Every weight is looked at once.
    """

    def __init__(self, config: ModelConfig, rows: NDArray[np.floating]) -> None:
        """`rows` are the embedding rows of a text, [tokens, hidden]."""
        self.ranges = Ranges()
        self._config = config
        self._values = torch.from_numpy(rows.astype(np.float32)).unsqueeze(1)
        self.ranges.see("residual", self._values)

    def see_layer(self, weights: LayerWeights) -> None:
        """Compute the next layer on all tokens."""
        see_residual = self._see_residual
        gains = {
            name: weights.attn_norm * linear.gain
            for name, linear in (
                ("i_proj", weights.i_proj),
                ("f_proj", weights.f_proj),
                ("g_proj", weights.g_proj),
            )
        }
        see_residual(self._values, weights.attn_norm, gains)
        layer = _float_layer(self._config, weights)
        token_mixer = _TokenMixerObserver(weights, self.ranges)
        down_gain = _normalised(weights.down_proj.gain)

        def middle(values: Tensor, _: Tensor) -> None:
            gain = weights.mlp_norm * weights.gate_proj.gain
            see_residual(values, weights.mlp_norm, {"gate_proj": gain})

        def unit(_: Tensor, output: Tensor) -> None:
            gate, up = output.chunk(2, -1)
            self.ranges.see("activation", gate)
            self.ranges.see("up", up)
            self.ranges.see("up_gained", up * down_gain)

        def down(values: Tensor, _: Tensor) -> None:
            self.ranges.see("product", values)
            self.ranges.see("down_source", values * down_gain, "down_proj")

        with ExitStack() as hooks, torch.no_grad():
            for module, function in (
                (layer.attn.i_proj, token_mixer.activation),
                (layer.attn.f_proj, token_mixer.activation),
                (layer.attn.recurrence, token_mixer.state),
                (layer.attn.g_proj, token_mixer.gate),
                (layer.mlp_norm, middle),
                (layer.mlp.gate_proj, unit),
                (layer.mlp.down_proj, down),
            ):
                hooks.callback(_listen(module, function))
            start = torch.zeros_like(self._values[0])
            bound = torch.from_numpy(weights.lower_bound)
            self._values, _ = layer(self._values, bound, start)
        self.ranges.see("residual", self._values)

    def see_head(self, norm: NDArray[np.float32], head: BitLinearWeights) -> None:
        """Look at the head's source of codes, after the last layer."""
        self._see_residual(self._values, norm, {"lm_head": norm * head.gain})

    def _see_residual(
        self, values: Tensor, norm: NDArray[np.float32], gains: dict[str, NDArray[np.float32]]
    ) -> None:
        """The residual stream, what its norm squares, and the sources of codes made of it."""
        self.ranges.see("residual", values)
        self.ranges.see("residual_source", values * _normalised(with_epsilon(norm)))
        for name, gain in gains.items():
            self.ranges.see("residual_source", values * _normalised(gain), name)


class _TokenMixerObserver:
    """Follows the swish of the state to the source of the output projection's codes."""

    def __init__(self, weights: LayerWeights, ranges: Ranges) -> None:
        self._gate_proj, self._ranges = weights.g_proj, ranges
        self._state_gain = _normalised(weights.g_norm)
        self._output_gain = _normalised(weights.o_proj.gain)

    def activation(self, _: Tensor, output: Tensor) -> None:
        self._ranges.see("activation", output)

    def state(self, _: Tensor, states: Tensor) -> None:
        self._gained = functional.silu(states) * self._state_gain
        self._ranges.see("state_gained", self._gained)
        self._ranges.see("state_output", self._gained * self._output_gain)

    def gate(self, values: Tensor, output: Tensor) -> None:
        # Accumulators are the results over what a code times a trit stands for.
        gain = torch.from_numpy(self._gate_proj.gain)
        normed = functional.rms_norm(values, gain.shape, gain, NORM_EPSILON)
        largest = normed.abs().amax(-1, keepdim=True).clamp(min=SCALE_FLOOR)
        unit = largest * (self._gate_proj.matrix.scale / CODE_LIMIT)
        gated = output / unit * self._gained
        self._ranges.see("gated", gated)
        self._ranges.see("output_source", gated * self._output_gain, "o_proj")


def _listen(module: nn.Module, function: Callable[[Tensor, Tensor], None]) -> Callable[[], None]:
    """Call a function with the input and the output of a module; returns how to stop it."""

    def call(_: nn.Module, inputs: Any, output: Any) -> None:
        function(inputs[0], output)

    return module.register_forward_hook(call).remove


def _normalised(gain: NDArray[np.floating]) -> Tensor:
    """The gain as it is stored, below one, float32."""
    scaled = gain.astype(np.float64) * 2.0 ** -gain_exponent(gain)
    return torch.from_numpy(scaled.astype(np.float32))


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

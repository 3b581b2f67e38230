"""HGRN2 in PyTorch: the float reference.

Source: "HGRN2: Gated Linear RNNs with State Expansion" (arXiv 2404.07904) and the package
flash-linear-attention, whose names of tensors these are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.fla.reference import Fla, Layer, StateAttention
from sterna.families.hgrn2.configuration import Hgrn2Config

OUTPUT_EPSILON = 1e-5
"""Of the norm of all heads, whatever a configuration says."""


def bounds(learned: Tensor) -> Tensor:
    """What each layer keeps at least [layers, hidden]: the first nothing, later ones more."""
    shares = learned.softmax(0).cumsum(0)
    return shares - shares[0]


class Attention(StateAttention):
    """Token mixing on ``[time, batch, hidden]``; ``bound`` is that of its layer."""

    bound: Tensor | float

    def __init__(self, config: Hgrn2Config) -> None:
        super().__init__(config)
        hidden = config.hidden_size
        self.f_proj = nn.Linear(hidden, hidden, bias=False)
        self.i_proj = nn.Linear(hidden, hidden, bias=False)
        self.norm = nn.RMSNorm(hidden, OUTPUT_EPSILON)
        self.scale, self.bound = config.key_size**-0.5, 0.0

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``state`` is [batch, heads, keys, values]."""
        lost = (1 - self.bound) * torch.sigmoid(-self.f_proj(values))
        self.watch.see("decay", lost)
        # What is read is scaled behind it: the norm takes most of the scale away again.
        read, state = self.over_time(functional.silu(self.q_proj(values)), lost,
                                     self.i_proj(values), 1 - lost, state)
        read = read.flatten(-2) * self.scale
        self.watch.see("headed", functional.rms_norm(read, read.shape[-1:], eps=OUTPUT_EPSILON))
        normed = self.norm(read)
        self.watch.see("headed", normed)
        self.watch.see("gain", self.norm.weight)
        return self.leave(normed), state


class Hgrn2(Fla):
    """The whole model."""

    def __init__(self, config: Hgrn2Config) -> None:
        super().__init__(config, (
            Layer(config, Attention(config)) for layer in range(config.num_hidden_layers)))
        self.lower_bounds = nn.Parameter(torch.zeros(config.num_hidden_layers, config.hidden_size))

    def entered(self, tokens: Tensor) -> Tensor:
        for block, bound in zip(self.blocks, bounds(self.lower_bounds), strict=True):
            attention = block.get_submodule("att")
            assert isinstance(attention, Attention)
            attention.bound = bound
        return super().entered(tokens)

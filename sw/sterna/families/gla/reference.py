"""GLA in PyTorch: the float reference.

Source: "Gated Linear Attention Transformers with Hardware-Efficient Training" (arXiv 2312.06635)
and the package flash-linear-attention, whose names of tensors these are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.fla.reference import Fla, Layer, StateAttention
from sterna.families.gla.configuration import GlaConfig

NORMALIZER = 16
"""Of the logarithms of decays: 16 in every model, whatever a configuration says."""


class Attention(StateAttention):
    """Token mixing on ``[time, batch, hidden]``."""

    def __init__(self, config: GlaConfig) -> None:
        super().__init__(config)
        hidden, rank = config.hidden_size, config.gate_rank
        keys, values = (config.num_heads * size for size in (config.key_size, config.value_size))
        self.k_proj = nn.Linear(hidden, keys, bias=False)
        self.v_proj = nn.Linear(hidden, values, bias=False)
        self.g_proj = nn.Linear(hidden, values, bias=False)
        self.gk_proj = nn.Sequential(nn.Linear(hidden, rank, bias=False), nn.Linear(rank, keys))
        self.norm = nn.RMSNorm(config.value_size, config.norm_eps)
        self.scale = config.key_size**-0.5

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """``state`` is [batch, heads, keys, values]."""
        queries = self.q_proj(values) * self.scale
        kept = torch.exp(functional.logsigmoid(self.gk_proj(values)) / NORMALIZER)
        self.watch.see("query", queries)
        self.watch.see("decay", 1 - kept)
        read, state = self.over_time(queries, self.k_proj(values), self.v_proj(values), kept, state)
        self.watch.see("headed", functional.rms_norm(read, read.shape[-1:], eps=self.norm.eps))
        normed = self.norm(read)
        self.watch.see("headed", normed)
        self.watch.see("gain", self.norm.weight)
        return self.leave(normed.flatten(-2) * functional.silu(self.g_proj(values))), state


class Gla(Fla):
    """The whole model."""

    def __init__(self, config: GlaConfig) -> None:
        super().__init__(config, (
            Layer(config, Attention(config)) for layer in range(config.num_hidden_layers)))

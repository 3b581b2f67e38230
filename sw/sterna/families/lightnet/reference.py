"""LightNet in PyTorch: the float reference.

Source: "You Only Scan Once: Efficient Multi-dimension Sequential Modeling with LightNet" (arXiv
2405.21022) and the package flash-linear-attention, whose names of tensors these are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.fla.reference import Fla, Layer, StateAttention
from sterna.families.lightnet.configuration import LightNetConfig

OUTPUT_EPSILON = 1e-6
"""Of the norm of all heads, whatever a configuration says."""
GROWTH = 4.0
"""What logarithms of sums grow by behind the text that is looked at: it may be 50 times as long."""


class Attention(StateAttention):
    """Token mixing on ``[time, batch, hidden]``.

    Of each element of keys the logarithm of the sum of all their exponentials is kept: a key is its
    exponential's share of the sum, and the state keeps the rest.
    """

    def __init__(self, config: LightNetConfig) -> None:
        super().__init__(config)
        hidden, rank = config.hidden_size, config.gate_rank
        keys, values = (config.num_heads * size for size in (config.key_size, config.value_size))
        self.k_proj = nn.Linear(hidden, keys, bias=False)
        self.v_proj = nn.Linear(hidden, values, bias=False)
        self.g_proj = nn.Sequential(nn.Linear(hidden, rank, bias=False),
                                    nn.Linear(rank, values, bias=False))
        self.norm = nn.RMSNorm(values, OUTPUT_EPSILON)
        self.scale = config.key_size**-0.5

    def forward(self, values: Tensor, state: Tensor, sums: Tensor
                ) -> tuple[Tensor, Tensor, Tensor]:
        """``state`` is [batch, heads, keys, values], ``sums`` [batch, heads * keys]."""
        keys = self.k_proj(values)
        every = torch.cat([sums.unsqueeze(0), keys]).logcumsumexp(0)
        lost = torch.sigmoid(keys - every[:-1])
        self.watch.see("log", every[1:] + GROWTH)
        self.watch.see("log", (keys - every[:-1]).nan_to_num(posinf=0))
        # What is read is scaled behind it: the norm takes most of the scale away again.
        read, state = self.over_time(functional.silu(self.q_proj(values)), lost,
                                     self.v_proj(values), 1 - lost, state)
        read = read.flatten(-2) * self.scale
        self.watch.see("headed", functional.rms_norm(read, read.shape[-1:], eps=OUTPUT_EPSILON))
        normed = self.norm(read)
        self.watch.see("headed", normed)
        self.watch.see("gain", self.norm.weight)
        return self.leave(normed * functional.silu(self.g_proj(values))), state, every[-1]


class LightNetLayer(Layer):
    """A layer whose state is logarithms of sums, and cells behind them."""

    att: Attention

    def __init__(self, config: LightNetConfig) -> None:
        super().__init__(config, Attention(config))
        self.summed = config.num_heads * config.key_size

    def state_size(self) -> int:
        return super().state_size() + self.summed

    def initial_state(self, batch: int) -> Tensor:
        found = super().initial_state(batch)
        found[:, :self.summed] = -torch.inf
        return found

    def sums(self, state: Tensor) -> Tensor:
        """Logarithms of sums, [batch, heads * keys]."""
        return state[:, :self.summed]

    def cells(self, state: Tensor) -> Tensor:
        return super().cells(state[:, self.summed:])

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        mixed, cells, sums = self.att(self.ln1(values), self.cells(state), self.sums(state))
        values = values + mixed
        return values + self.ffn(self.ln2(values)), torch.cat([sums, cells.flatten(1)], -1)


class LightNet(Fla):
    """The whole model."""

    def __init__(self, config: LightNetConfig) -> None:
        super().__init__(config, (LightNetLayer(config) for _ in range(config.num_hidden_layers)))

"""RWKV-6 in PyTorch: the float reference, and what training trains.

Source: "Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence" (arXiv 2404.05892)
and the authors' code, whose names of tensors these are. Weights are taken as they are in the file.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.rwkv.headed_reference import BonusAttention, HeadedBlock
from sterna.families.rwkv.reference import Rwkv, before
from sterna.families.rwkv6.configuration import Rwkv6Config
from sterna.families.rwkv6.layout import MIXED


class Attention(BonusAttention):
    """Token mixing on ``[time, batch, hidden]``."""

    def __init__(self, config: Rwkv6Config) -> None:
        super().__init__(config)
        hidden, count = config.hidden_size, len(MIXED)
        for letter in "x" + MIXED:
            setattr(self, f"time_maa_{letter}", nn.Parameter(torch.zeros(1, 1, hidden)))
        self.time_maa_w1 = nn.Parameter(torch.zeros(hidden, count * config.mix_rank))
        self.time_maa_w2 = nn.Parameter(torch.zeros(count, config.mix_rank, hidden))
        self.time_decay = nn.Parameter(torch.zeros(1, 1, hidden))
        self.time_decay_w1 = nn.Parameter(torch.zeros(hidden, config.decay_rank))
        self.time_decay_w2 = nn.Parameter(torch.zeros(config.decay_rank, hidden))

    def mixes(self, values: Tensor, change: Tensor) -> list[Tensor]:
        """What enters the maps of `MIXED`; ``change`` leads to the token before."""
        entered = values + change * self.get_parameter("time_maa_x")
        found = []
        for index, letter in enumerate(MIXED):
            down = self.time_maa_w1.chunk(len(MIXED), 1)[index]
            share = (self.get_parameter(f"time_maa_{letter}")
                     + self._low_rank(f"mix_{letter}", entered, down, self.time_maa_w2[index]))
            self.watch.see("mix", share)
            found.append(values + change * share)
        for one in (entered, *found):
            self.watch.see("normed", one)
        return found

    def _low_rank(self, name: str, entered: Tensor, down: Tensor, up: Tensor) -> Tensor:
        """By maps [inputs, outputs]."""
        inner = entered @ down
        self.watch.product(f"{name}_down", down.T, entered, inner)
        result = torch.tanh(inner) @ up
        self.watch.product(f"{name}_up", up.T, torch.tanh(inner), result)
        return result

    def forward(self, values: Tensor, last: Tensor, state: Tensor
                ) -> tuple[Tensor, Tensor, Tensor]:
        """``state`` is [batch, heads, keys, values]."""
        for_decay, for_key, for_value, for_receptance, for_gate = self.mixes(
            values, before(values, last) - values)
        decay = self.time_decay + self._low_rank(
            "decay", for_decay, self.time_decay_w1, self.time_decay_w2)
        kept = torch.exp(-torch.exp(decay)).unflatten(-1, (self.heads.count, self.heads.size))
        normed, state = self.attend(for_receptance, for_key, for_value, kept, state)
        return self.leave(normed, functional.silu(self.gate(for_gate))), values[-1], state


class Channels(nn.Module):
    """Channel mixing on ``[time, batch, hidden]``."""

    def __init__(self, config: Rwkv6Config) -> None:
        super().__init__()
        hidden, wide = config.hidden_size, config.intermediate_size
        self.time_maa_k = nn.Parameter(torch.zeros(1, 1, hidden))
        self.time_maa_r = nn.Parameter(torch.zeros(1, 1, hidden))
        self.key = nn.Linear(hidden, wide, bias=False)
        self.receptance = nn.Linear(hidden, hidden, bias=False)
        self.value = nn.Linear(wide, hidden, bias=False)

    def forward(self, values: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        change = before(values, last) - values
        squared = functional.relu(self.key(values + change * self.time_maa_k)) ** 2
        gate = torch.sigmoid(self.receptance(values + change * self.time_maa_r))
        return gate * self.value(squared), values[-1]


class Layer(HeadedBlock):
    """Both, each behind a norm and added to the residual stream."""

    def __init__(self, config: Rwkv6Config, first: bool) -> None:
        super().__init__(config, first)
        self.att = Attention(config)
        self.ffn = Channels(config)


class Rwkv6(Rwkv):
    """The whole model."""

    def __init__(self, config: Rwkv6Config) -> None:
        super().__init__(config, (
            Layer(config, layer == 0) for layer in range(config.num_hidden_layers)))

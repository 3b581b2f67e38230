"""RWKV-5 in PyTorch: the float reference, and what training trains.

Source: "Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence" (arXiv 2404.05892)
and the authors' code, whose names of tensors these are. Weights are taken as they are in the file.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.rwkv.headed_reference import BonusAttention, HeadedBlock
from sterna.families.rwkv.reference import Channels, Rwkv, before, mixed
from sterna.families.rwkv5.configuration import Rwkv5Config


class Attention(BonusAttention):
    """Token mixing on ``[time, batch, hidden]``."""

    def __init__(self, config: Rwkv5Config) -> None:
        super().__init__(config)
        for letter in "kvrg":
            setattr(self, f"time_mix_{letter}", nn.Parameter(torch.ones(1, 1, config.hidden_size)))
        self.time_decay = nn.Parameter(torch.zeros(config.heads.count, config.head_size))

    def forward(self, values: Tensor, last: Tensor, state: Tensor
                ) -> tuple[Tensor, Tensor, Tensor]:
        """``state`` is [batch, heads, keys, values]."""
        past = before(values, last)
        for_key, for_value, for_receptance, for_gate = (
            mixed(values, past, self.get_parameter(f"time_mix_{letter}")) for letter in "kvrg")
        kept = torch.exp(-torch.exp(self.time_decay)).expand(len(values), 1, -1, -1)
        normed, state = self.attend(for_receptance, for_key, for_value, kept, state)
        return self.leave(normed, functional.silu(self.gate(for_gate))), values[-1], state


class Layer(HeadedBlock):
    """Both, each behind a norm and added to the residual stream."""

    def __init__(self, config: Rwkv5Config, first: bool) -> None:
        super().__init__(config, first)
        self.att = Attention(config)
        self.ffn = Channels(config.hidden_size, config.intermediate_size)


class Rwkv5(Rwkv):
    """The whole model."""

    def __init__(self, config: Rwkv5Config) -> None:
        super().__init__(config, (
            Layer(config, layer == 0) for layer in range(config.num_hidden_layers)))

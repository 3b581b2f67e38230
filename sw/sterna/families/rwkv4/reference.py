"""RWKV-4 in PyTorch: the float reference, and what training trains.

Source: "RWKV: Reinventing RNNs for the Transformer Era" (arXiv 2305.13048) and the authors' code,
whose names of tensors these are. Weights are taken as they are in the file: the halving of the
residual stream that other programs do every six layers, a guard of 16 bit floats, is not done.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sterna.families.rwkv.reference import Block, Channels, Rwkv, before, mixed
from sterna.families.rwkv4.configuration import RwkvConfig

STATES = 5
"""Vectors of a layer's state: what entered attention and channels, sums aa and bb, maximum pp."""
EMPTY = -1e30
"""The maximum before the first token."""


def attend(keys: Tensor, values: Tensor, decay: Tensor, bonus: Tensor, state: tuple[Tensor, ...]
           ) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Keys and values ``[time, batch, channels]`` to averages, and the state behind.

    ``decay`` is below 0, what a token's weight is multiplied by exp of each time. The state are
    sums and their exponent, aa, bb and pp, each ``[batch, channels]``.
    """
    above, below, most = state
    results = []
    for key, value in zip(keys, values, strict=True):
        present = bonus + key
        largest = torch.maximum(most, present)
        old, new = torch.exp(most - largest), torch.exp(present - largest)
        results.append((old * above + new * value) / (old * below + new))
        faded = most + decay
        most = torch.maximum(faded, key)
        old, new = torch.exp(faded - most), torch.exp(key - most)
        above, below = old * above + new * value, old * below + new
    return torch.stack(results), (above, below, most)


class Attention(nn.Module):
    """Token mixing on ``[time, batch, hidden]``."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.time_decay = nn.Parameter(torch.zeros(hidden))
        self.time_first = nn.Parameter(torch.zeros(hidden))
        self.time_mix_k = nn.Parameter(torch.ones(1, 1, hidden))
        self.time_mix_v = nn.Parameter(torch.ones(1, 1, hidden))
        self.time_mix_r = nn.Parameter(torch.ones(1, 1, hidden))
        self.key = nn.Linear(hidden, hidden, bias=False)
        self.value = nn.Linear(hidden, hidden, bias=False)
        self.receptance = nn.Linear(hidden, hidden, bias=False)
        self.output = nn.Linear(hidden, hidden, bias=False)

    def forward(self, values: Tensor, state: tuple[Tensor, ...]
                ) -> tuple[Tensor, tuple[Tensor, ...]]:
        past = before(values, state[0])
        keys = self.key(mixed(values, past, self.time_mix_k))
        contents = self.value(mixed(values, past, self.time_mix_v))
        gate = torch.sigmoid(self.receptance(mixed(values, past, self.time_mix_r)))
        averages, sums = attend(keys, contents, -torch.exp(self.time_decay), self.time_first,
                                state[1:])
        return self.output(gate * averages), (values[-1], *sums)


class Layer(Block):
    """Both, each behind a norm and added to the residual stream."""

    def __init__(self, hidden: int, wide: int, first: bool) -> None:
        super().__init__(hidden, first)
        self.hidden = hidden
        self.att = Attention(hidden)
        self.ffn = Channels(hidden, wide)

    def state_size(self) -> int:
        return STATES * self.hidden

    def initial_state(self, batch: int) -> Tensor:
        state = super().initial_state(batch)
        state[:, -self.hidden:] = EMPTY
        return state

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        entered, channels, *sums = state.chunk(STATES, -1)
        mixed, (entered, *sums) = self.att(self.ln1(values), (entered, *sums))
        values = values + mixed
        mixed, channels = self.ffn(self.ln2(values), channels)
        return values + mixed, torch.cat([entered, channels, *sums], -1)


class Rwkv4(Rwkv):
    """The whole model."""

    def __init__(self, config: RwkvConfig) -> None:
        super().__init__(config, (
            Layer(config.hidden_size, config.intermediate_size, layer == 0)
            for layer in range(config.num_hidden_layers)))

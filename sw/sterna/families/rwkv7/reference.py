"""RWKV-7 in PyTorch: the float reference, and what training trains.

Source: "RWKV-7 'Goose' with Expressive Dynamic State Evolution" (arXiv 2503.14456) and the authors'
code, whose names of tensors these are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.rwkv.headed_reference import HeadedAttention, HeadedBlock
from sterna.families.rwkv.reference import Rwkv, before
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.layout import FASTEST, LOW_RANK, MIXED, rank


class Attention(HeadedAttention):
    """Token mixing on ``[time, batch, hidden]``."""

    def __init__(self, config: Rwkv7Config, first: bool) -> None:
        super().__init__(config)
        hidden = config.hidden_size
        for letter in MIXED:
            setattr(self, f"x_{letter}", nn.Parameter(torch.zeros(1, 1, hidden)))
        for pair, letter in LOW_RANK.items():
            if pair == "first" and first:
                continue
            inner = rank(config, pair)
            if pair != "gate":
                setattr(self, f"{letter}0", nn.Parameter(torch.zeros(1, 1, hidden)))
            setattr(self, f"{letter}1", nn.Parameter(torch.zeros(hidden, inner)))
            setattr(self, f"{letter}2", nn.Parameter(torch.zeros(inner, hidden)))
        self.k_k = nn.Parameter(torch.zeros(1, 1, hidden))
        self.k_a = nn.Parameter(torch.zeros(1, 1, hidden))
        self.r_k = nn.Parameter(torch.zeros(config.heads.count, config.head_size))
        for name in ("receptance", "key", "value", "output"):
            setattr(self, name, nn.Linear(hidden, hidden, bias=False))

    def _low_rank(self, pair: str, entered: Tensor) -> Tensor:
        """By maps [inputs, outputs]."""
        letter = LOW_RANK[pair]
        inner = entered @ (down := self.get_parameter(f"{letter}1"))
        self.watch.product(f"{pair}_down", down.T, entered, inner)
        if pair in ("rate", "first"):
            self.watch.see("log", inner)
        between = {"decay": torch.tanh, "gate": torch.sigmoid}.get(pair, lambda values: values)
        result = between(inner) @ (up := self.get_parameter(f"{letter}2"))
        self.watch.product(f"{pair}_up", up.T, between(inner), result)
        return result

    def forward(self, values: Tensor, last: Tensor, state: Tensor, earliest: Tensor | None
                ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``state`` is [batch, heads, values, keys], ``earliest`` the first layer's values."""
        change = before(values, last) - values
        mixed = {letter: values + change * self.get_parameter(f"x_{letter}") for letter in MIXED}
        for entered in mixed.values():
            self.watch.see("normed", entered)
        shape = (*values.shape[:2], self.heads.count, self.heads.size)
        receptance, key, value = (
            self.get_submodule(name)(mixed[letter]) for name, letter in (
                ("receptance", "r"), ("key", "k"), ("value", "v")))
        decay = torch.exp(FASTEST * torch.sigmoid(self.get_parameter("w0") + self._low_rank(
            "decay", mixed["w"])))
        rate = torch.sigmoid(self.get_parameter("a0") + self._low_rank("rate", mixed["a"]))
        gate = self._low_rank("gate", mixed["g"])
        self.watch.see("gate", gate)
        self.watch.see("key", key)
        self.watch.see("key", key * self.k_k)
        removed = functional.normalize((key * self.k_k).reshape(shape), dim=-1)
        key = key * (1 + (rate - 1) * self.k_a)
        self.watch.see("key", key)
        first: Tensor = value if earliest is None else earliest
        if earliest is not None:
            value = value + (first - value) * torch.sigmoid(
                self.get_parameter("v0") + self._low_rank("first", mixed["v"]))
        self.watch.see("value", value)
        receptance, key, value, decay, rate = (
            part.reshape(shape) for part in (receptance, key, value, decay, rate))
        read, state = self.over_time(receptance, key, value, decay, removed, rate, state)
        normed = self.normed(read).view_as(values)
        agreed = receptance * key * self.r_k
        self.watch.see("agreed", receptance * key)
        self.watch.see("agreed", agreed)
        bonus = agreed.sum(-1, keepdim=True) * value
        self.watch.see("headed", normed + bonus.flatten(2))
        attended = (normed + bonus.flatten(2)) * gate
        self.watch.see("attended", attended)
        return self.get_submodule("output")(attended), values[-1], state, first

    def over_time(self, receptances: Tensor, keys: Tensor, contents: Tensor, kept: Tensor,
                   removed: Tensor, rates: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What is read [time * batch, hidden], and the last state."""
        found = []
        for receptance, key, content, keep, gone, rate in zip(
                receptances, keys, contents, kept, removed, rates, strict=True):
            old = state @ gone.unsqueeze(-1)
            state = (state * keep.unsqueeze(-2) - old @ (gone * rate).unsqueeze(-2)
                     + content.unsqueeze(-1) @ key.unsqueeze(-2))
            self.watch.see("removed", old)
            self.watch.see("state", state)
            found.append((state @ receptance.unsqueeze(-1)).flatten(1))
        read = torch.stack(found)
        self.watch.see("read", read)
        return read.flatten(0, 1), state


class Channels(nn.Module):
    """Channel mixing on ``[time, batch, hidden]``."""

    def __init__(self, config: Rwkv7Config) -> None:
        super().__init__()
        hidden, wide = config.hidden_size, config.intermediate_size
        self.x_k = nn.Parameter(torch.zeros(1, 1, hidden))
        self.key = nn.Linear(hidden, wide, bias=False)
        self.value = nn.Linear(wide, hidden, bias=False)

    def forward(self, values: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        change = before(values, last) - values
        return self.value(functional.relu(self.key(values + change * self.x_k)) ** 2), values[-1]


class Layer(HeadedBlock):
    """Both, each behind a norm and added to the residual stream; the first layer's values go on."""

    def __init__(self, config: Rwkv7Config, first: bool, embedded: bool = True) -> None:
        super().__init__(config, first and embedded)
        self.att = Attention(config, first)
        self.ffn = Channels(config)

    def forward(self, values: Tensor, state: Tensor, earliest: Tensor | None = None
                ) -> tuple[Tensor, Tensor, Tensor]:
        entered, channels, cells = self.parts(state)
        mixed, entered, cells, first = self.att(self.ln1(values), entered, cells, earliest)
        values = values + mixed
        mixed, channels = self.ffn(self.ln2(values), channels)
        return values + mixed, torch.cat([entered, channels, cells.flatten(1)], -1), first


class Rwkv7(Rwkv):
    """The whole model."""

    def __init__(self, config: Rwkv7Config) -> None:
        super().__init__(config, (
            Layer(config, layer == 0) for layer in range(config.num_hidden_layers)))

"""The models of delta rules in PyTorch: DeltaNet, Gated DeltaNet, Gated DeltaProduct.

Sources: "Parallelizing Linear Transformers with the Delta Rule over Sequence Length" (arXiv
2406.06484), "Gated Delta Networks" (arXiv 2412.06464), "DeltaProduct" (arXiv 2502.10297), and the
package flash-linear-attention, whose names of tensors these are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.fla.delta_configuration import DeltaConfig
from sterna.families.fla.delta_layout import CONVOLVED
from sterna.families.fla.reference import Fla, Layer, StateAttention
from sterna.families.layers.convolution import TAPS

UNIT_EPSILON = 1e-6
"""Of the lengths of keys and queries, under the root."""


class Convolution(nn.Module):
    """A tap a channel for the present token and each of three before, on [time, batch, channels].
    """

    def __init__(self, channels: int, biased: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, 1, TAPS))
        self.bias = nn.Parameter(torch.zeros(channels)) if biased else None

    def forward(self, values: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """``before`` [3, batch, channels] are the earlier ones."""
        entered = torch.cat([before, values])
        found = sum((entered[tap:tap + len(values)] * self.weight[:, 0, tap]
                     for tap in range(TAPS)), torch.zeros_like(values))
        return found if self.bias is None else found + self.bias, entered[len(values):]


def unit(values: Tensor) -> Tensor:
    """Vectors of length 1."""
    return values / torch.sqrt(values.square().sum(-1, keepdim=True) + UNIT_EPSILON)


class Attention(StateAttention):
    """Token mixing on ``[time, batch, hidden]``."""

    def __init__(self, config: DeltaConfig) -> None:
        super().__init__(config)
        hidden, heads, steps = config.hidden_size, config.num_heads, config.steps
        keys, values = heads * config.key_size, heads * config.value_size
        self.config, self.channels = config, (keys, steps * keys, steps * values)
        self.k_proj = nn.Linear(hidden, steps * keys, bias=False)
        self.v_proj = nn.Linear(hidden, steps * values, bias=False)
        for letter, channels in zip(CONVOLVED.values(), self.channels, strict=True):
            setattr(self, f"{letter}_conv1d", Convolution(channels))
        self.b_proj = nn.Linear(hidden, steps * heads, bias=False)
        if config.forgets:
            self.a_proj = nn.Linear(hidden, heads, bias=False)
            self.A_log = nn.Parameter(torch.zeros(heads))
            self.dt_bias = nn.Parameter(torch.zeros(heads))
        if config.gated:
            self.g_proj = nn.Linear(hidden, values, bias=False)
        self.norm = nn.RMSNorm(config.value_size, config.norm_eps)
        self.scale = config.key_size**-0.5

    def lost(self, values: Tensor) -> Tensor:
        """What states lose [time, batch, heads] before the first step of a token."""
        if not self.config.forgets:
            return values.new_zeros(*values.shape[:2], self.config.num_heads)
        speed = functional.softplus(self.a_proj(values) + self.dt_bias)
        self.watch.see("log", self.a_proj(values))
        self.watch.see("log", self.a_proj(values) + self.dt_bias)
        self.watch.see("speed", speed)
        forgets = speed * self.A_log.exp()
        self.watch.see("forget", forgets)
        lost = -torch.expm1(-forgets)
        self.watch.see("decay", lost)
        return lost

    def convolved(self, values: Tensor, before: Tensor) -> tuple[list[Tensor], Tensor]:
        """Queries, keys and values behind their activation, and what comes before the next."""
        found, behind = [], []
        for letter, part in zip(CONVOLVED.values(), before.split(self.channels, -1), strict=True):
            entered = self.get_submodule(f"{letter}_proj")(values)
            result, part = self.get_submodule(f"{letter}_conv1d")(entered, part)
            for one in (entered, result):
                self.watch.see("log", one)
            self.watch.see("gain", self.get_submodule(f"{letter}_conv1d").get_parameter("weight"))
            found.append(functional.silu(result))
            behind.append(part)
        return found, torch.cat(behind, -1)

    def forward(self, values: Tensor, state: Tensor, before: Tensor
                ) -> tuple[Tensor, Tensor, Tensor]:
        """``state`` is [batch, heads, keys, values], ``before`` [3, batch, channels]."""
        config, heads = self.config, self.config.num_heads
        (queries, keys, contents), before = self.convolved(values, before)
        queries = unit(queries.unflatten(-1, (heads, -1)))
        keys = unit(keys.unflatten(-1, (config.steps, heads, -1)))
        contents = contents.unflatten(-1, (config.steps, heads, -1))
        rates = torch.sigmoid(self.b_proj(values)).unflatten(-1, (config.steps, heads))
        rates, kept = rates * (1 + config.negative), 1 - self.lost(values)
        found = []
        for index, query in enumerate(queries):
            state = state * kept[index, ..., None, None]
            for step in range(config.steps):
                key, content = keys[index, :, step], contents[index, :, step]
                error = content - (key.unsqueeze(-2) @ state).squeeze(-2)
                self.watch.see("log", error)
                state = state + (rates[index, :, step, :, None, None] * key.unsqueeze(-1)
                                 * error.unsqueeze(-2))
                self.watch.see("state", state)
            found.append((query.unsqueeze(-2) @ state).squeeze(-2))
        read = torch.stack(found)
        self.watch.see("log", read)
        read = read * self.scale
        self.watch.see("headed", functional.rms_norm(read, read.shape[-1:], eps=self.norm.eps))
        normed = self.norm(read)
        self.watch.see("headed", normed)
        self.watch.see("gain", self.norm.weight)
        gate = functional.silu(self.g_proj(values)) if config.gated else 1.0
        return self.leave(normed.flatten(-2) * gate), state, before


class DeltaLayer(Layer):
    """A layer whose state is what entered the convolutions, and cells behind it."""

    att: Attention

    def state_size(self) -> int:
        return super().state_size() + (TAPS - 1) * sum(self.att.channels)

    def cells(self, state: Tensor) -> Tensor:
        return super().cells(state[:, -super().state_size():])

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        entered = state[:, :-super().state_size()].unflatten(-1, (TAPS - 1, -1)).swapaxes(0, 1)
        mixed, cells, entered = self.att(self.ln1(values), self.cells(state), entered)
        values = values + mixed
        behind = torch.cat([entered.swapaxes(0, 1).flatten(1), cells.flatten(1)], -1)
        return values + self.ffn(self.ln2(values)), behind


class DeltaModel(Fla):
    """The whole model."""

    def __init__(self, config: DeltaConfig) -> None:
        super().__init__(config, (
            DeltaLayer(config, Attention(config)) for layer in range(config.num_hidden_layers)))

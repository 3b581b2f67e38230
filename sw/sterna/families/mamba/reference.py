"""Mamba in PyTorch: the float reference.

Source: "Mamba: Linear-Time Sequence Modeling with Selective State Spaces" (arXiv 2312.00752) and
the package transformers, whose names of tensors these are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.fla.delta_reference import Convolution
from sterna.families.fla.reference import Fla, rms_norm
from sterna.families.layers.convolution import TAPS
from sterna.families.mamba.configuration import MambaConfig
from sterna.families.mamba.formats import LONGEST
from sterna.families.rwkv.reference import Block
from sterna.families.rwkv.watch import Watch


class Mixer(nn.Module):
    """Token mixing on ``[time, batch, hidden]``: cells of a channel lose and take what a time step
    says, and are read by what the token says."""

    def __init__(self, config: MambaConfig) -> None:
        super().__init__()
        hidden, wide, cells = config.hidden_size, config.intermediate_size, config.state_size
        self.watch, self.parts = Watch(), (config.step_rank, cells, cells)
        self.in_proj = nn.Linear(hidden, 2 * wide, bias=False)
        self.conv1d = Convolution(wide, biased=True)
        self.x_proj = nn.Linear(wide, sum(self.parts), bias=False)
        self.dt_proj = nn.Linear(config.step_rank, wide)
        self.A_log = nn.Parameter(torch.zeros(wide, cells))
        self.D = nn.Parameter(torch.ones(wide))
        self.out_proj = nn.Linear(wide, hidden, bias=False)

    def forward(self, values: Tensor, state: Tensor, before: Tensor
                ) -> tuple[Tensor, Tensor, Tensor]:
        """``state`` is [batch, channels, cells], ``before`` [3, batch, channels]."""
        see = self.watch.see
        entered, gate = self.in_proj(values).chunk(2, -1)
        convolved, before = self.conv1d(entered, before)
        see("gain", self.conv1d.weight)
        for part in (entered, gate, convolved):
            see("log", part)
        entered = functional.silu(convolved)
        step, *mixes = self.x_proj(entered).split(self.parts, -1)
        takes, gives = mixes
        see("log", step)
        see("mix", torch.cat(mixes, -1))
        before_bias = self.dt_proj(step)
        see("log", before_bias)
        see("log", before_bias - self.dt_proj.bias)
        steps, rates = functional.softplus(before_bias), self.A_log.exp()
        see("speed", steps)
        see("rate", rates)
        see("entered", steps * entered)
        see("gain", self.D)
        skipped, found = entered * self.D, []
        for index, now in enumerate(steps):
            lost = now.unsqueeze(-1) * rates
            see("forget", lost.clamp(max=LONGEST) / 2)
            state = torch.exp(-lost) * state + (now * entered[index]).unsqueeze(-1) * (
                takes[index].unsqueeze(-2))
            see("state", state)
            found.append((state @ gives[index].unsqueeze(-1)).squeeze(-1))
        read = torch.stack(found) + skipped
        for part in (skipped, torch.stack(found), read):
            see("read", part)
        attended = read * functional.silu(gate)
        see("attended", attended)
        return self.out_proj(attended), state, before


class MambaLayer(Block):
    """A layer whose state is what entered the convolution, and cells behind it."""

    def __init__(self, config: MambaConfig) -> None:
        super().__init__(config.hidden_size, False, rms_norm(config), count=1)
        self.att = Mixer(config)
        self.wide, self.size = config.intermediate_size, config.state_size

    def state_size(self) -> int:
        return self.wide * (TAPS - 1 + self.size)

    def parts(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """What entered [batch, 3, channels], and cells [batch, channels, cells]."""
        entered, cells = state.split(((TAPS - 1) * self.wide, self.wide * self.size), -1)
        return entered.unflatten(-1, (TAPS - 1, -1)), cells.unflatten(-1, (self.wide, -1))

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        entered, cells = self.parts(state)
        mixed, cells, entered = self.att(self.ln1(values), cells, entered.swapaxes(0, 1))
        behind = torch.cat([entered.swapaxes(0, 1).flatten(1), cells.flatten(1)], -1)
        return values + mixed, behind


class Mamba(Fla):
    """The whole model."""

    def __init__(self, config: MambaConfig) -> None:
        super().__init__(config, (MambaLayer(config) for _ in range(config.num_hidden_layers)))

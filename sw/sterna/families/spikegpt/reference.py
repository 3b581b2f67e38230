"""SpikeGPT in PyTorch: the float reference, and what training trains.

Source: "SpikeGPT: Generative Pre-trained Language Model with Spiking Neural Networks" (arXiv
2302.13939) and the authors' training code, whose names of tensors these are. Their program for
generation halves the residual stream every six layers, which a threshold does not let pass: it is
not done here.
"""

from __future__ import annotations

from math import pi
from typing import Any

import torch
from torch import Tensor, nn

from sterna.families.rwkv.reference import Rwkv
from sterna.families.rwkv4.reference import EMPTY, STATES
from sterna.families.rwkv4.reference import Layer as LayerOfRwkv4
from sterna.families.spikegpt.configuration import SpikeGptConfig

THRESHOLD = 1.0
MEMBRANES = 2
"""Vectors of a layer's state, behind those of an RWKV-4: of both populations."""


class _Spike(torch.autograd.Function):
    """1 from 0 on; its slope is that of ``arctan(pi * x) / pi``, as in the authors' training."""

    @staticmethod
    def forward(ctx: Any, above: Tensor) -> Tensor:
        ctx.save_for_backward(above)
        return (above >= 0).to(above.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        above, = ctx.saved_tensors
        return gradients[0] / (1 + (pi * above) ** 2)


class Neurons(nn.Module):
    """Leaky integrate-and-fire neurons of half-life one token, reset to 0 by a spike."""

    def forward(self, drive: Tensor, membrane: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes, 0 or 1, of ``[time, batch, hidden]``, and the last membrane."""
        spikes = []
        for value in drive:
            membrane = membrane + (value - membrane) / 2
            spike: Tensor = _Spike.apply(membrane - THRESHOLD)
            membrane = membrane * (1 - spike)
            spikes.append(spike)
        return torch.stack(spikes), membrane


class Layer(LayerOfRwkv4):
    """Attention and channels, the spikes of whose neurons are added to the residual stream."""

    def __init__(self, hidden: int, wide: int, first: bool) -> None:
        super().__init__(hidden, wide, first)
        self.lif1, self.lif2 = Neurons(), Neurons()

    def state_size(self) -> int:
        return super().state_size() + MEMBRANES * self.hidden

    def initial_state(self, batch: int) -> Tensor:
        state = self.ln1.get_parameter("weight").new_zeros(batch, self.state_size())
        state.unflatten(-1, (-1, self.hidden))[:, STATES - 1] = EMPTY
        return state

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        entered, channels, *sums, first, second = state.split(self.hidden, -1)
        mixed, (entered, *sums) = self.att(self.ln1(values), (entered, *sums))
        spikes, first = self.lif1(mixed, first)
        values = values + spikes
        mixed, channels = self.ffn(self.ln2(values), channels)
        spikes, second = self.lif2(mixed, second)
        return values + spikes, torch.cat([entered, channels, *sums, first, second], -1)


class SpikeGpt(Rwkv):
    """The whole model."""

    def __init__(self, config: SpikeGptConfig) -> None:
        super().__init__(config, (
            Layer(config.hidden_size, config.intermediate_size, layer == 0)
            for layer in range(config.num_hidden_layers)))

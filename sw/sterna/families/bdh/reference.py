"""BDH in PyTorch: the float reference.

Source: "The Dragon Hatchling: The Missing Link between the Transformer and Models of the Brain"
(arXiv 2509.26507) and the authors' code, which computes all tokens at once; here one after the
other, each reading what those before it left.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.bdh.configuration import BdhConfig
from sterna.families.bdh.layout import ENTER, GATE, HALVES, LEAVE, Matrix, frequencies
from sterna.families.rwkv.configuration import NORM_EPSILON
from sterna.families.rwkv.reference import Block, Rwkv
from sterna.families.rwkv.watch import Watch


def bare_norm(hidden: int) -> nn.LayerNorm:
    """The norm of everything: it has neither gain nor bias."""
    return nn.LayerNorm(hidden, NORM_EPSILON, elementwise_affine=False)


class BdhLayer(Block):
    """A layer, whose neurons read with what they write later. Its state is the position, and a
    matrix [neurons, hidden] a head."""

    def __init__(self, config: BdhConfig) -> None:
        super().__init__(config.hidden_size, False, count=0)
        heads, hidden, neurons = config.num_heads, config.hidden_size, config.neurons
        self.shape, self.watch = (heads, neurons, hidden), Watch()
        self.ln = bare_norm(hidden)
        self.encoder = nn.Parameter(torch.zeros(heads, hidden, neurons))
        self.encoder_v = nn.Parameter(torch.zeros(heads, hidden, neurons))
        self.decoder = nn.Parameter(torch.zeros(heads * neurons, hidden))

    def state_size(self) -> int:
        heads, neurons, hidden = self.shape
        return 1 + heads * neurons * hidden

    def initial_state(self, batch: int) -> Tensor:
        return self.encoder.new_zeros(batch, self.state_size())

    def cells(self, state: Tensor) -> Tensor:
        """[batch, heads, neurons, hidden]."""
        return state[:, 1:].unflatten(-1, self.shape)

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        see, cells, position = self.watch.see, self.cells(state), state[:, :1]
        latent = self._neurons(ENTER, values.unsqueeze(-2), self.encoder)
        see("key", latent)
        active, read = functional.relu(latent), []
        for number, (now, value) in enumerate(zip(active, values, strict=True)):
            keys = turned(now, (position + number).unsqueeze(-1))
            see("key", keys)
            read.append(self._read(keys, cells))
            cells = cells + keys.unsqueeze(-1) * value.unsqueeze(-2).unsqueeze(-2)
            see("state", cells)
        normed = self.ln(torch.stack(read))
        see("normed", normed)
        gates = self._neurons(GATE, normed, self.encoder_v)
        see("wide", gates)
        values = values + self.ln(self._left(active * functional.relu(gates)))
        see("residual", values)
        values = self.ln(values)
        return values, torch.cat([position + len(read), cells.flatten(1)], -1)

    def _neurons(self, kind: str, inputs: Tensor, weights: Tensor) -> Tensor:
        """[time, batch, heads, neurons] of inputs [time, batch, heads or 1, hidden]."""
        found = torch.einsum("tbhd,hdn->tbhn", inputs.expand(-1, -1, self.shape[0], -1), weights)
        for head, weight in enumerate(weights):
            for half in range(len(HALVES)):
                self.watch.product(
                    Matrix(kind, head, half).name, weight[:, half::2].T,
                    inputs[..., min(head, inputs.shape[-2] - 1), :], found[..., head, half::2])
        return found

    def _read(self, keys: Tensor, cells: Tensor) -> Tensor:
        """[batch, heads, hidden], of the halves of the neurons and of all."""
        halves = [keys[..., half::2].unsqueeze(-2) @ cells[..., half::2, :]
                  for half in range(len(HALVES))]
        read = halves[0] + halves[1]
        for part in (*halves, read, read - read.mean(-1, keepdim=True)):
            self.watch.see("read", part)
        return read.squeeze(-2)

    def _left(self, inner: Tensor) -> Tensor:
        """What neurons [time, batch, heads, neurons] add up to, a half of a head after the other.
        """
        self.watch.see("inner", inner)
        total = inner.new_zeros(())
        for head, weight in enumerate(self.decoder.unflatten(0, self.shape[:2])):
            for half in range(len(HALVES)):
                inputs = inner[..., head, half::2]
                part = inputs @ weight[half::2]
                self.watch.product(Matrix(LEAVE, head, half).name, weight[half::2].T, inputs, part)
                self.watch.see("sum", part)
                total = total + part
                self.watch.see("sum", total)
        self.watch.see("sum", total - total.mean(-1, keepdim=True))
        return total


def turned(neurons: Tensor, position: Tensor) -> Tensor:
    """Pairs of neurons [..., neurons] turned by the angles of a position [..., 1]."""
    turns = torch.from_numpy(frequencies(neurons.shape[-1])) * position.double() % 1
    angle = (2 * torch.pi * turns).to(neurons.dtype)
    even, odd, cosine, sine = neurons[..., ::2], neurons[..., 1::2], angle.cos(), angle.sin()
    return torch.stack((even * cosine - odd * sine, odd * cosine + even * sine), -1).flatten(-2)


class Bdh(Rwkv):
    """The whole model: one layer, gone through several times with a state each."""

    def __init__(self, config: BdhConfig) -> None:
        super().__init__(config, [BdhLayer(config)], lambda hidden: nn.Identity())
        self.ln = bare_norm(config.hidden_size)

    def entered(self, tokens: Tensor) -> Tensor:
        found: Tensor = self.ln(self.emb(tokens))
        return found

    def _layers(self) -> list[Block]:
        return super()._layers() * self.config.num_hidden_layers

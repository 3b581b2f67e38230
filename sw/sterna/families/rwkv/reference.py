"""What the float references of all versions have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.rwkv.configuration import NORM_EPSILON, Configuration


def layer_norm(hidden: int) -> nn.LayerNorm:
    """The norm of all versions."""
    return nn.LayerNorm(hidden, NORM_EPSILON)


def before(values: Tensor, last: Tensor) -> Tensor:
    """What entered a token before each ``[time, batch, hidden]``, ``last`` in front of the first.
    """
    return torch.cat([last.unsqueeze(0), values[:-1]])


def mixed(values: Tensor, before: Tensor, share: Tensor) -> Tensor:
    """So much of the present token, the rest of the one before."""
    return values * share + before * (1 - share)


class Channels(nn.Module):
    """Channel mixing of versions 4 and 5 on ``[time, batch, hidden]``."""

    def __init__(self, hidden: int, wide: int) -> None:
        super().__init__()
        self.time_mix_k = nn.Parameter(torch.ones(1, 1, hidden))
        self.time_mix_r = nn.Parameter(torch.ones(1, 1, hidden))
        self.key = nn.Linear(hidden, wide, bias=False)
        self.receptance = nn.Linear(hidden, hidden, bias=False)
        self.value = nn.Linear(wide, hidden, bias=False)

    def forward(self, values: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        past = before(values, last)
        squared = functional.relu(self.key(mixed(values, past, self.time_mix_k))) ** 2
        gate = torch.sigmoid(self.receptance(mixed(values, past, self.time_mix_r)))
        return gate * self.value(squared), values[-1]


class Block(nn.Module, ABC):
    """A layer: what it adds to the residual stream stands behind ``norms``, two of them at most.

    ``forward(values, state, ...)`` of values ``[time, batch, hidden]`` and a state ``[batch,
    size]`` gives both behind it, and what later layers take beside.
    """

    ln1: nn.Module
    ln2: nn.Module

    def __init__(self, hidden: int, first: bool,
                 norm: Callable[[int], nn.Module] = layer_norm, count: int = 2) -> None:
        super().__init__()
        if first:
            self.ln0 = norm(hidden)
        if count > 0:
            self.ln1 = norm(hidden)
        if count > 1:
            self.ln2 = norm(hidden)

    @property
    def norms(self) -> list[nn.Module]:
        """In the order of use."""
        return [part for name, part in self.named_children() if name in ("ln1", "ln2")]

    @abstractmethod
    def state_size(self) -> int:
        """Elements of its state."""

    def initial_state(self, batch: int) -> Tensor:
        """Nothing read yet."""
        return self.ln1.get_parameter("weight").new_zeros(batch, self.state_size())


class Rwkv(nn.Module):
    """The whole model; `forward` takes a sequence."""

    def __init__(self, config: Configuration, blocks: Iterable[Block],
                 norm: Callable[[int], nn.Module] = layer_norm) -> None:
        super().__init__()
        self.config = config
        self.emb = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(blocks)
        self.ln_out = norm(config.hidden_size)
        self.head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def initial_state(self, batch: int = 1) -> Tensor:
        """Nothing read yet: float32 ``[layers, batch, size of a layer's]``."""
        return torch.stack([block.initial_state(batch) for block in self._layers()])

    def forward(self, tokens: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map ids ``[batch, time]`` to logits ``[batch, time, vocabulary]`` and the last state."""
        if state is None:
            state = self.initial_state(tokens.shape[0])
        layers = self._layers()
        values, states, more = self.entered(tokens.T), [], ()
        for block, kept in zip(layers, state, strict=True):
            values, last, *more = block(values, kept, *more)
            states.append(last)
        return self.head(self.ln_out(values)).transpose(0, 1), torch.stack(states)

    def entered(self, tokens: Tensor) -> Tensor:
        """What enters the first layer."""
        found: Tensor = self._layers()[0].ln0(self.emb(tokens))
        return found

    def _layers(self) -> list[Block]:
        found = []
        for block in self.blocks:
            assert isinstance(block, Block)
            found.append(block)
        return found

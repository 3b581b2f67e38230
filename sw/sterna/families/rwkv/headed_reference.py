"""What the float references of versions whose states are matrices have in common."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.rwkv.headed import HEAD_EPSILON, HeadedConfig
from sterna.families.rwkv.reference import Block
from sterna.families.rwkv.watch import Watch


class HeadedAttention(nn.Module):
    """Token mixing by heads, whose results are normed each by itself."""

    def __init__(self, config: HeadedConfig) -> None:
        super().__init__()
        self.heads, self.watch = config.heads, Watch()
        self.ln_x = nn.GroupNorm(config.heads.count, config.hidden_size, HEAD_EPSILON)

    def normed(self, read: Tensor) -> Tensor:
        """What is read of the states [time * batch, hidden], behind the norm."""
        self.watch.see("headed", functional.group_norm(read, self.heads.count, eps=HEAD_EPSILON))
        found: Tensor = self.ln_x(read)
        self.watch.see("headed", found)
        return found


class BonusAttention(HeadedAttention):
    """Versions 5 and 6: the present token counts by a bonus of its own."""

    def __init__(self, config: HeadedConfig) -> None:
        super().__init__(config)
        hidden = config.hidden_size
        self.time_faaaa = nn.Parameter(torch.zeros(config.heads.count, config.head_size))
        self.receptance = nn.Linear(hidden, hidden, bias=False)
        self.key = nn.Linear(hidden, hidden, bias=False)
        self.value = nn.Linear(hidden, hidden, bias=False)
        self.gate = nn.Linear(hidden, hidden, bias=False)
        self.output = nn.Linear(hidden, hidden, bias=False)

    def attend(self, for_receptance: Tensor, for_key: Tensor, for_value: Tensor, kept: Tensor,
               state: Tensor) -> tuple[Tensor, Tensor]:
        """What the heads give [time, batch, hidden], normed, and the last state.

        ``kept`` [time, batch, heads, keys] is what is left of a state [batch, heads, keys, values]
        behind each token.
        """
        shape = (*for_key.shape[:2], self.heads.count, self.heads.size)
        receptances, keys, contents = (part.reshape(shape) for part in (
            self.receptance(for_receptance), self.key(for_key), self.value(for_value)))
        self.watch.see("key", keys * self.time_faaaa)
        found = []
        for receptance, key, content, keep in zip(receptances, keys, contents, kept, strict=True):
            present = key.unsqueeze(-1) * content.unsqueeze(-2)
            seen = state + self.time_faaaa.unsqueeze(-1) * present
            found.append((receptance.unsqueeze(-2) @ seen).flatten(1))
            state = keep.unsqueeze(-1) * state + present
            self.watch.see("state", seen)
            self.watch.see("state", state)
        read = torch.stack(found)
        self.watch.see("read", read)
        return self.normed(read.flatten(0, 1)).view_as(for_key), state

    def leave(self, normed: Tensor, gate: Tensor) -> Tensor:
        """What attention adds to the residual stream."""
        self.watch.see("attended", normed * gate)
        found: Tensor = self.output(normed * gate)
        return found


class HeadedBlock(Block):
    """A layer whose state is what entered attention and channels, and the cells of all heads."""

    att: HeadedAttention
    ffn: nn.Module

    def __init__(self, config: HeadedConfig, first: bool) -> None:
        hidden, heads = config.hidden_size, config.heads
        super().__init__(hidden, first)
        self.sizes = (hidden, hidden, hidden * heads.size)
        self.shape = (heads.count, heads.size, heads.size)

    def state_size(self) -> int:
        return sum(self.sizes)

    def parts(self, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What entered attention, what entered channels, and cells [batch, *shape]."""
        entered, channels, cells = state.split(self.sizes, -1)
        return entered, channels, cells.unflatten(-1, self.shape)

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        entered, channels, cells = self.parts(state)
        mixed, entered, cells = self.att(self.ln1(values), entered, cells)
        values = values + mixed
        mixed, channels = self.ffn(self.ln2(values), channels)
        return values + mixed, torch.cat([entered, channels, cells.flatten(1)], -1)

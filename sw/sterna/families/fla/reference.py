"""What the float references of models of flash-linear-attention have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.fla.configuration import FlaConfig, NormedConfig
from sterna.families.rwkv.reference import Block, Rwkv
from sterna.families.rwkv.watch import Watch


def rms_norm(config: NormedConfig) -> Callable[[int], nn.RMSNorm]:
    """The norm of the residual stream."""
    return lambda hidden: nn.RMSNorm(hidden, config.norm_eps)


class Channels(nn.Module):
    """SwiGLU on ``[time, batch, hidden]``."""

    def __init__(self, config: FlaConfig) -> None:
        super().__init__()
        hidden, wide = config.hidden_size, config.intermediate_size
        self.watch = Watch()
        self.gate_proj = nn.Linear(hidden, wide, bias=False)
        self.up_proj = nn.Linear(hidden, wide, bias=False)
        self.down_proj = nn.Linear(wide, hidden, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        inner = functional.silu(self.gate_proj(values)) * self.up_proj(values)
        self.watch.see("inner", inner)
        found: Tensor = self.down_proj(inner)
        return found


class StateAttention(nn.Module):
    """Token mixing by heads whose states are matrices [keys, values]."""

    def __init__(self, config: FlaConfig) -> None:
        super().__init__()
        self.keys, self.values, self.watch = config.key_heads, config.heads, Watch()
        hidden = config.hidden_size
        self.q_proj = nn.Linear(hidden, config.num_heads * config.key_size, bias=False)
        self.o_proj = nn.Linear(config.num_heads * config.value_size, hidden, bias=False)

    def over_time(self, queries: Tensor, keys: Tensor, values: Tensor, kept: Tensor, state: Tensor
                  ) -> tuple[Tensor, Tensor]:
        """What queries read [time, batch, heads, values], each behind its own token, and the last
        state.

        Queries, keys and what is kept are [time, batch, heads * keys], values [time, batch, heads *
        values]; ``state`` is [batch, heads, keys, values].
        """
        down, across = ((self.keys.count, -1), (self.values.count, -1))
        found = []
        for query, key, value, keep in zip(
                queries.unflatten(-1, down), keys.unflatten(-1, down),
                values.unflatten(-1, across), kept.unflatten(-1, down), strict=True):
            state = keep.unsqueeze(-1) * state + key.unsqueeze(-1) * value.unsqueeze(-2)
            self.watch.see("state", state)
            found.append((query.unsqueeze(-2) @ state).squeeze(-2))
        read = torch.stack(found)
        self.watch.see("read", read)
        return read, state

    def leave(self, attended: Tensor) -> Tensor:
        """What attention adds to the residual stream."""
        self.watch.see("attended", attended)
        found: Tensor = self.o_proj(attended)
        return found


class Layer(Block):
    """Attention and channels, each behind a norm and added to the residual stream.

    ``attention`` maps values [time, batch, hidden] and cells to what it adds, and cells.
    """

    att: StateAttention
    ffn: Channels

    def __init__(self, config: FlaConfig, attention: StateAttention) -> None:
        super().__init__(config.hidden_size, False, rms_norm(config))
        self.shape = (config.num_heads, config.key_size, config.value_size)
        self.att, self.ffn = attention, Channels(config)

    def state_size(self) -> int:
        heads, keys, values = self.shape
        return heads * keys * values

    def cells(self, state: Tensor) -> Tensor:
        """Of all heads, [batch, heads, keys, values]."""
        return state.unflatten(-1, self.shape)

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        mixed, cells = self.att(self.ln1(values), self.cells(state))
        values = values + mixed
        return values + self.ffn(self.ln2(values)), cells.flatten(1)


class Fla(Rwkv):
    """The whole model."""

    def __init__(self, config: NormedConfig, blocks: Iterable[Block]) -> None:
        super().__init__(config, blocks, rms_norm(config))

    def entered(self, tokens: Tensor) -> Tensor:
        found: Tensor = self.emb(tokens)
        return found

"""The MatMul-free language model in PyTorch: the float reference, and what training trains.

Source: "Scalable MatMul-free Language Modeling" (arXiv 2406.02528). Where the paper and the
official implementation differ the implementation governs, because the released checkpoints
were trained with it: the norm is on the gate and the swish on the state, the head is ternary,
and every ternary layer has a norm of its own behind the norm of the block.
Module names give exactly the keys of a released state dict.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.matmul_free.bitlinear import BitLinear, RMSNorm, TernaryLinear
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lif import LIF
from sterna.families.matmul_free.recurrence import Recurrence


def lower_bounds(raw: Tensor) -> Tensor:
    """Least values of the forget gates, `[layers, hidden]`, from the trained parameter."""
    share = raw.float().softmax(0)
    return share.cumsum(0) - share[0]


class TokenMixer(nn.Module):
    """The gated linear recurrence of one layer, on `[time, batch, hidden]`."""

    def __init__(self, config: ModelConfig, ternarised: bool) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.i_proj = BitLinear(hidden, hidden, ternarised)
        self.f_proj = BitLinear(hidden, hidden, ternarised)
        self.g_proj = BitLinear(hidden, hidden, ternarised)
        self.recurrence = Recurrence()
        self.g_norm = RMSNorm(hidden, config.rms_norm_eps)
        self.o_proj = BitLinear(hidden, hidden, ternarised)

    def forward(self, values: Tensor, bound: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output and the last state; `bound` is `[hidden]`, `state` one time step."""
        forget_input = self.f_proj(values)
        forget = bound + (1 - bound) * torch.sigmoid(forget_input)
        # 1 - forget, without the cancellation when forget is near one.
        keep = (1 - bound) * torch.sigmoid(-forget_input)
        candidate = functional.silu(self.i_proj(values)) * keep
        states = self.recurrence(forget, candidate, state)
        gated = self.g_norm(self.g_proj(values)) * functional.silu(states)
        return self.o_proj(gated), states[-1]


class GatedUnit(nn.Module):
    """The gated linear unit of one layer: gate and up in one matrix, gate first; no state."""

    def __init__(self, config: ModelConfig, ternarised: bool) -> None:
        super().__init__()
        self.gate_proj = BitLinear(config.hidden_size, 2 * config.intermediate_size, ternarised)
        self.down_proj = BitLinear(config.intermediate_size, config.hidden_size, ternarised)

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = self.gate_proj(values).chunk(2, -1)
        return self.down_proj(functional.silu(gate) * up), state


class SpikingUnit(nn.Module):
    """The population of one layer: its spikes are the codes of the matrix behind it."""

    def __init__(self, config: ModelConfig, ternarised: bool) -> None:
        super().__init__()
        self.up_proj = BitLinear(config.hidden_size, config.intermediate_size, ternarised)
        self.neurons = LIF(config.intermediate_size)
        self.down_proj = TernaryLinear(config.intermediate_size, config.hidden_size, ternarised)

    def forward(self, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        spikes, membrane = self.neurons(self.up_proj(values), state)
        return self.down_proj(spikes), membrane


CHANNEL_MIXERS = {"glu": GatedUnit, "lif": SpikingUnit}


class Layer(nn.Module):
    """Token mixer and channel mixer, each behind a norm and added to the residual stream."""

    def __init__(self, config: ModelConfig, ternarised: bool) -> None:
        super().__init__()
        self.attn_norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.attn = TokenMixer(config, ternarised)
        self.mlp_norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = CHANNEL_MIXERS[config.channel_mixer](config, ternarised)
        self._widths = config.state_widths

    def forward(self, values: Tensor, bound: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        hidden, membrane = state.split(self._widths, -1)
        mixed, hidden = self.attn(self.attn_norm(values), bound, hidden)
        values = values + mixed
        mixed, membrane = self.mlp(self.mlp_norm(values), membrane)
        return values + mixed, torch.cat([hidden, membrane], -1)


class Backbone(nn.Module):
    """Embedding, layers and final norm."""

    def __init__(self, config: ModelConfig, ternarised: bool) -> None:
        super().__init__()
        self.config = config
        self.embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        if config.use_lower_bound:
            self.lower_bounds = nn.Parameter(
                torch.zeros(config.num_hidden_layers, config.hidden_size)
            )
        self.layers = nn.ModuleList(
            Layer(config, ternarised) for _ in range(config.num_hidden_layers)
        )
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def bounds(self) -> Tensor:
        """Least values of the forget gates, `[layers, hidden]`."""
        if not self.config.use_lower_bound:
            weight = self.norm.weight
            return weight.new_zeros(self.config.num_hidden_layers, self.config.hidden_size)
        return lower_bounds(self.lower_bounds)

    def forward(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        values = self.embeddings(tokens)
        bounds = self.bounds()
        states = []
        for index, layer in enumerate(self.layers):
            values, last = layer(values, bounds[index], state[index])
            states.append(last)
        return self.norm(values), torch.stack(states)


class MatMulFreeLM(nn.Module):
    """The whole model; `forward` takes a sequence, `step` one token."""

    def __init__(self, config: ModelConfig, ternarised: bool = False) -> None:
        super().__init__()
        self.config = config
        self.model = Backbone(config, ternarised)
        self.lm_head = BitLinear(config.hidden_size, config.vocab_size, ternarised)

    def initial_state(self, batch: int = 1) -> Tensor:
        """The zero state, float32 `[layers, batch, sum of the state's widths]`."""
        return self.lm_head.weight.new_zeros(
            self.config.num_hidden_layers, batch, sum(self.config.state_widths)
        )

    def forward(self, tokens: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map ids `[batch, time]` to logits `[batch, time, vocabulary]` and the last state."""
        if state is None:
            state = self.initial_state(tokens.shape[0])
        values, last = self.model(tokens.T, state)
        return self.lm_head(values).transpose(0, 1), last

    def step(self, token: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Map ids `[batch]` to the logits `[batch, vocabulary]` of the next token."""
        logits, last = self.forward(token.unsqueeze(1), state)
        return logits[:, 0], last

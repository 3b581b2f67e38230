"""The greatest magnitudes that the float reference of a model computes, of all that words hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.errors import InputError
from sterna.families.rwkv4.configuration import NORM_EPSILON
from sterna.families.rwkv4.layout import DECAY, HEAD, LAST_NORM, MATRICES, layer_key
from sterna.families.rwkv4.reference import EMPTY, STATES, Block
from sterna.families.rwkv4.weights import RwkvModel

_SMALLEST = 1e-30


@dataclass
class Ranges:
    """Greatest magnitudes, as real numbers; of norms and gains those of every kind together."""

    residual: float = 0.0
    normed: float = 0.0
    """Behind a norm, with its gain or without."""
    gain: float = 0.0
    log: float = 0.0
    """Keys with and without bonus, and what the logarithm of a sum of weights can reach."""
    value: float = 0.0
    wide: float = 0.0
    """Inner channels in front of their square."""
    reaches: dict[str, float] = field(default_factory=dict)
    """By matrix: results over the largest weight of their row and the largest input."""

    def see(self, name: str, values: Tensor) -> None:
        """Let values enter; raises `InputError` when they are not finite."""
        largest = float(values.abs().max())
        if not isfinite(largest):
            raise InputError(f"calibration: the {name} values are beyond float32; the weights are "
                             "damaged")
        setattr(self, name, max(getattr(self, name), largest))

    def product(self, name: str, weight: Tensor, inputs: Tensor, results: Tensor) -> None:
        """Let the product of a matrix enter."""
        rows = weight.abs().amax(-1).clamp(min=_SMALLEST)
        most = inputs.abs().amax(-1, keepdim=True).clamp(min=_SMALLEST)
        self.reaches[name] = max(self.reaches.get(name, 0.0),
                                 float((results / most / rows).abs().max()))


def observe(model: RwkvModel, tokens: Sequence[int],
            progress: Callable[[int, int], None] | None = None) -> Ranges:
    """Take a text through the model, layer by layer: memory holds one.

    Raises `InputError` when a value is not finite.
    """
    ranges, config = Ranges(), model.config
    values = torch.from_numpy(model.rows(list(tokens))).float().unsqueeze(1)
    ranges.see("residual", values)
    with torch.no_grad():
        for index in range(config.num_hidden_layers):
            if progress is not None:
                progress(index, config.num_hidden_layers)
            block = _block(model, index)
            _watch(block, ranges)
            state = torch.zeros(1, STATES * config.hidden_size)
            state[:, -config.hidden_size:] = EMPTY
            values, _ = block(values, state)
            ranges.see("residual", values)
        norm = _norm(model, LAST_NORM)
        normed = norm(values)
        _see_norm(ranges, norm, values, normed)
        head = torch.from_numpy(model.tensor(HEAD)).float()
        ranges.product("head", head, normed, functional.linear(normed, head))
    return ranges


def block_state(model: RwkvModel, index: int) -> dict[str, Tensor]:
    """The tensors of a layer by their names in `Block`, without the norm of the embedding."""
    with torch.device("meta"):
        names = Block(model.config.hidden_size, model.config.intermediate_size, False).state_dict()
    return {name: torch.from_numpy(model.tensor(layer_key(index, name)).astype(np.float32))
            for name in names}


def _block(model: RwkvModel, index: int) -> Block:
    with torch.device("meta"):
        block = Block(model.config.hidden_size, model.config.intermediate_size, False)
    block.load_state_dict(block_state(model, index), assign=True)
    return block


def _norm(model: RwkvModel, name: str) -> nn.LayerNorm:
    norm = nn.LayerNorm(model.config.hidden_size, NORM_EPSILON)
    for part in ("weight", "bias"):
        getattr(norm, part).copy_(torch.from_numpy(model.tensor(f"{name}.{part}").astype(
            np.float32)))
    return norm


def _see_norm(ranges: Ranges, norm: nn.LayerNorm, values: Tensor, normed: Tensor) -> None:
    ranges.see("normed", normed)
    ranges.see("gain", norm.weight)
    ranges.see("normed", functional.layer_norm(values, (values.shape[-1],), eps=NORM_EPSILON))


def _watch(block: Block, ranges: Ranges) -> None:
    """Let what the parts of a layer give enter."""
    def norm(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(module, nn.LayerNorm)
        _see_norm(ranges, module, inputs[0], output)

    for part in (block.ln1, block.ln2):
        part.register_forward_hook(norm)
    for name, key in MATRICES.items():
        def product(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor,
                    name: str = name) -> None:
            assert isinstance(module, nn.Linear)
            ranges.product(name, module.weight, inputs[0], output)
            if name in ("value", "wide"):
                ranges.see(name, output)
            elif name == "key":
                _see_keys(ranges, block, output)

        block.get_submodule(key).register_forward_hook(product)

    def between(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """The residual stream behind attention."""
        del module, output
        ranges.see("residual", inputs[0])

    block.ln2.register_forward_hook(between)


def _see_keys(ranges: Ranges, block: Block, keys: Tensor) -> None:
    """The sum of the weights of all tokens is at most that of one over 1 - exp(-w)."""
    attention = block.att
    ranges.see("log", keys)
    ranges.see("log", keys + attention.time_first)
    kept = -torch.expm1(-torch.exp(block.get_parameter(DECAY)))
    long = -torch.log(kept.clamp(min=1 / (keys.shape[0] + 1)))
    ranges.see("log", keys.amax((0, 1)) + long)

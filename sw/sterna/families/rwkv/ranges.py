"""The greatest magnitudes that the float reference of a model computes, of all that words hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.errors import InputError
from sterna.families.rwkv.calibration import check_tokens
from sterna.families.rwkv.headed_reference import HeadedBlock
from sterna.families.rwkv.layout import HEAD, LAST_NORM, layer_key
from sterna.families.rwkv.reference import Block
from sterna.families.rwkv.watch import Watch
from sterna.families.rwkv.weights import RwkvModel

B = TypeVar("B", bound=Block)
_SMALLEST = 1e-30


@dataclass
class Ranges(Watch):
    """Greatest magnitudes, as real numbers."""

    largest: dict[str, float] = field(default_factory=dict)
    """By kind of value; of norms and gains those of every kind together."""
    reaches: dict[str, float] = field(default_factory=dict)
    """By matrix: results over the largest weight of their row and the largest input."""

    def see(self, name: str, values: Tensor) -> None:
        """Let values enter; raises `InputError` when they are not finite."""
        largest = float(values.abs().max())
        if not isfinite(largest):
            raise InputError(f"calibration: the {name} values are beyond float32; the weights are "
                             "damaged")
        self.largest[name] = max(self.largest.get(name, 0.0), largest)

    def product(self, name: str, weight: Tensor, inputs: Tensor, results: Tensor) -> None:
        """Let the product of a matrix enter."""
        rows = weight.abs().amax(-1).clamp(min=_SMALLEST)
        most = inputs.abs().amax(-1, keepdim=True).clamp(min=_SMALLEST)
        self.reaches[name] = max(self.reaches.get(name, 0.0),
                                 float((results / most / rows).abs().max()))

    def norm(self, norm: nn.Module, values: Tensor, normed: Tensor) -> None:
        """Let a norm enter, with its gain and without, if it has one."""
        self.see("normed", normed)
        if not list(norm.parameters()):
            return
        self.see("gain", norm.get_parameter("weight"))
        bare: Any = type(norm)
        self.see("normed", bare(values.shape[-1:], eps=norm.eps, elementwise_affine=False)(values))

    def watch_norm(self, norm: nn.Module) -> None:
        """Let everything that a norm makes enter."""
        def see(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            self.norm(module, inputs[0], output)

        norm.register_forward_hook(see)

    def watch_product(self, name: str, linear: nn.Module, kind: str | None = None) -> None:
        """Let everything that a linear map makes enter, as values of a kind too."""
        def see(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            assert isinstance(module, nn.Linear)
            self.product(name, module.weight, inputs[0], output)
            if kind is not None:
                self.see(kind, output)

        linear.register_forward_hook(see)


def observe(model: RwkvModel, tokens: Sequence[int], layer: Callable[[int, Ranges], Block],
            progress: Callable[[int, int], None] | None = None) -> Ranges:
    """Take a text through the model, layer by layer: memory holds one.

    ``layer`` gives the layer of an index, whose values enter when it is called. Raises `InputError`
    without tokens, for an id outside the vocabulary, and when a value is not finite.
    """
    check_tokens(tokens, model.config)
    ranges, layers, more = Ranges(), model.config.num_hidden_layers, ()
    values = torch.from_numpy(model.rows(list(tokens))).float().unsqueeze(1)
    ranges.see("residual", values)
    with torch.no_grad():
        for index in range(layers):
            if progress is not None:
                progress(index, layers)
            block = layer(index, ranges)
            values, _, *more = block(values, block.initial_state(1), *more)
            ranges.see("residual", values)
        norm = _last_norm(model)
        normed = norm(values)
        ranges.norm(norm, values, normed)
        head = torch.from_numpy(model.tensor(HEAD)).float()
        ranges.product("head", head, normed, functional.linear(normed, head))
    return ranges


def watch_headed(block: HeadedBlock, ranges: Ranges) -> None:
    """Let what heads compute enter."""
    block.att.watch = ranges
    ranges.see("gain", block.att.ln_x.weight)


def block_of(model: RwkvModel, index: int, make: Callable[[], B], linear: Mapping[str, str],
             kinds: Mapping[str, str], ranges: Ranges) -> B:
    """A layer of the model, whose norms and ``linear`` maps (modules by their names in the program)
    are watched; what a map gives enters as values of its kind, too.

    ``make`` gives it with any weights.
    """
    with torch.device("meta"):
        block = make()
    block.load_state_dict(
        {name: torch.from_numpy(model.tensor(layer_key(index, name)).astype(np.float32))
         for name in block.state_dict()}, assign=True)
    for name, key in linear.items():
        ranges.watch_product(name, block.get_submodule(key), kinds.get(name))
    for part in block.norms:
        ranges.watch_norm(part)
        part.register_forward_pre_hook(  # the residual stream between two of them
            lambda module, inputs: ranges.see("residual", inputs[0]))
    return block


def _last_norm(model: RwkvModel) -> nn.Module:
    """The norm in front of the head."""
    norm = model.version.norm(model.config)
    norm.load_state_dict({part: torch.from_numpy(model.tensor(f"{LAST_NORM}.{part}").astype(
        np.float32)) for part in norm.state_dict()})
    return norm

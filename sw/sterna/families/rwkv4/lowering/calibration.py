"""Choosing formats for an RWKV-4 from what its float reference computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from sterna.families.layers.tables import LOG_FRACTION
from sterna.families.rwkv.calibration import USUAL_ROOM, Calibration, Room, choose
from sterna.families.rwkv.ranges import Ranges, block_of, observe
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.layout import DECAY, MATRICES
from sterna.families.rwkv4.lowering.formats import Formats
from sterna.families.rwkv4.reference import Layer

ROOM = USUAL_ROOM | {"log": Room(1.1, LOG_FRACTION), "value": Room(4.0, 14), "wide": Room(3.0, 14)}
"""A value and an average are subtracted; inner channels are squared."""
KINDS = {"value": "value", "wide": "wide"}
"""Of what matrices give."""
L = TypeVar("L", bound=Layer)


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration[Formats]:
    """Formats that suit a text. Raises `InputError` as `observe` does."""
    def layer(index: int, ranges: Ranges) -> Layer:
        return watched(model, index, Layer, ranges)

    return choose(Formats, observe(model, tokens, layer, progress), ROOM)


def watched(model: RwkvModel, index: int, kind: type[L], ranges: Ranges) -> L:
    """A layer whose values enter."""
    config = model.config
    block = block_of(
        model, index, lambda: kind(config.hidden_size, config.intermediate_size, False),
        MATRICES, KINDS, ranges)

    def keys(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        del module, inputs
        see_keys(ranges, block, output)

    block.att.key.register_forward_hook(keys)
    return block


def see_keys(ranges: Ranges, block: Layer, keys: Tensor) -> None:
    """The sum of the weights of all tokens is at most that of one over 1 - exp(-w)."""
    ranges.see("log", keys)
    ranges.see("log", keys + block.att.time_first)
    kept = -torch.expm1(-torch.exp(block.get_parameter(DECAY)))
    long = -torch.log(kept.clamp(min=1 / (keys.shape[0] + 1)))
    ranges.see("log", keys.amax((0, 1)) + long)

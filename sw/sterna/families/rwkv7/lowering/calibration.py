"""Choosing formats for an RWKV-7."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from sterna.families.rwkv.calibration import Calibration, Room, check_tokens, choose
from sterna.families.rwkv.headed_formats import HEADED_ROOM
from sterna.families.rwkv.layout import HEAD, LAST_NORM
from sterna.families.rwkv.ranges import Ranges, norm_of, tensors_of
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv7.layout import LINEAR
from sterna.families.rwkv7.lowering.formats import Formats, fit
from sterna.families.rwkv7.reference import Block

ROOM = HEADED_ROOM | {"removed": Room(2.5, 16), "agreed": Room(1.5, 13), "gate": Room(1.5, 13)}


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration[Formats]:
    """Formats that suit a text. Raises `InputError` without tokens, for an id outside the
    vocabulary, and when the float reference overflows."""
    check_tokens(tokens, model.config)
    return choose(Formats, observe(model, tokens, progress), ROOM, fit)


def observe(model: RwkvModel, tokens: Sequence[int],
            progress: Callable[[int, int], None] | None = None) -> Ranges:
    """Take a text through the model, layer by layer: memory holds one.

    Raises `InputError` when a value is not finite.
    """
    ranges, config = Ranges(), model.config
    values = torch.from_numpy(model.rows(list(tokens))).float().unsqueeze(1)
    earliest: Tensor | None = None
    ranges.see("residual", values)
    with torch.no_grad():
        for index in range(config.num_hidden_layers):
            if progress is not None:
                progress(index, config.num_hidden_layers)
            block = _block(model, index)
            _watch(block, ranges)
            values, _, earliest = block(values, torch.zeros(1, sum(block.sizes)), earliest)
            ranges.see("residual", values)
        norm = norm_of(model, LAST_NORM)
        normed = norm(values)
        ranges.norm(norm, values, normed)
        head = torch.from_numpy(model.tensor(HEAD)).float()
        ranges.product("head", head, normed, functional.linear(normed, head))
    return ranges


def _block(model: RwkvModel, index: int) -> Block:
    with torch.device("meta"):
        block = Block(model.config, index == 0, embedded=False)
    block.load_state_dict(tensors_of(model, index, block), assign=True)
    return block


def _watch(block: Block, ranges: Ranges) -> None:
    """Let what the parts of a layer give enter."""
    block.att.watch = ranges
    kinds = {"receptance": "receptance", "value": "value", "wide": "wide"}
    for part in (block.ln1, block.ln2):
        ranges.watch_norm(part)
    ranges.see("gain", block.att.ln_x.weight)
    for name, key in LINEAR.items():
        ranges.watch_product(name, block.get_submodule(key), kinds.get(name))
    block.ln2.register_forward_pre_hook(
        lambda module, inputs: ranges.see("residual", inputs[0]))

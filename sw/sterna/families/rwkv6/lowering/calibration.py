"""Choosing formats for an RWKV-6."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional

from sterna.families.rwkv.calibration import Calibration, check_tokens, choose
from sterna.families.rwkv.headed_formats import HEADED_ROOM, within_reach
from sterna.families.rwkv.layout import HEAD, LAST_NORM
from sterna.families.rwkv.ranges import Ranges, norm_of, tensors_of
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv6.layout import LINEAR
from sterna.families.rwkv6.lowering.formats import Formats
from sterna.families.rwkv6.reference import Block


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration[Formats]:
    """Formats that suit a text. Raises `InputError` without tokens, for an id outside the
    vocabulary, and when the float reference overflows."""
    check_tokens(tokens, model.config)
    return choose(Formats, observe(model, tokens, progress), HEADED_ROOM, within_reach)


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
            values, _ = block(values, torch.zeros(1, sum(block.sizes)))
            ranges.see("residual", values)
        norm = norm_of(model, LAST_NORM)
        normed = norm(values)
        ranges.norm(norm, values, normed)
        head = torch.from_numpy(model.tensor(HEAD)).float()
        ranges.product("head", head, normed, functional.linear(normed, head))
    return ranges


def _block(model: RwkvModel, index: int) -> Block:
    with torch.device("meta"):
        block = Block(model.config, False)
    block.load_state_dict(tensors_of(model, index, block), assign=True)
    return block


def _watch(block: Block, ranges: Ranges) -> None:
    """Let what the parts of a layer give enter."""
    block.att.watch = ranges
    kinds = {"key": "key", "value": "value", "receptance": "receptance", "gate": "log",
             "wide": "wide"}
    for part in (block.ln1, block.ln2):
        ranges.watch_norm(part)
    ranges.see("gain", block.att.ln_x.weight)
    for name, key in LINEAR.items():
        ranges.watch_product(name, block.get_submodule(key), kinds.get(name))
    block.ln2.register_forward_pre_hook(
        lambda module, inputs: ranges.see("residual", inputs[0]))

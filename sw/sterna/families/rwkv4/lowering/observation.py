"""The greatest magnitudes that the float reference of an RWKV-4 computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sterna.families.rwkv.layout import HEAD, LAST_NORM
from sterna.families.rwkv.ranges import Ranges, norm_of, tensors_of
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.layout import DECAY, MATRICES
from sterna.families.rwkv4.reference import EMPTY, STATES, Block


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
        norm = norm_of(model, LAST_NORM)
        normed = norm(values)
        ranges.norm(norm, values, normed)
        head = torch.from_numpy(model.tensor(HEAD)).float()
        ranges.product("head", head, normed, functional.linear(normed, head))
    return ranges


def _block(model: RwkvModel, index: int) -> Block:
    with torch.device("meta"):
        block = Block(model.config.hidden_size, model.config.intermediate_size, False)
    block.load_state_dict(tensors_of(model, index, block), assign=True)
    return block


def _watch(block: Block, ranges: Ranges) -> None:
    """Let what the parts of a layer give enter."""
    for part in (block.ln1, block.ln2):
        ranges.watch_norm(part)
    for name, key in MATRICES.items():
        ranges.watch_product(name, block.get_submodule(key),
                             name if name in ("value", "wide") else None)

    def keys(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        del module, inputs
        _see_keys(ranges, block, output)

    def between(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """The residual stream behind attention."""
        del module, output
        ranges.see("residual", inputs[0])

    block.get_submodule(MATRICES["key"]).register_forward_hook(keys)
    block.ln2.register_forward_hook(between)


def _see_keys(ranges: Ranges, block: Block, keys: Tensor) -> None:
    """The sum of the weights of all tokens is at most that of one over 1 - exp(-w)."""
    attention = block.att
    ranges.see("log", keys)
    ranges.see("log", keys + attention.time_first)
    kept = -torch.expm1(-torch.exp(block.get_parameter(DECAY)))
    long = -torch.log(kept.clamp(min=1 / (keys.shape[0] + 1)))
    ranges.see("log", keys.amax((0, 1)) + long)

"""What a text does inside a model: the greatest magnitudes, and how many neurons fire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from sterna.families.matmul_free.reference import MatMulFreeLM
from sterna.families.tokens.float_score import CHUNK
from sterna.formats.tokenizer import EncodedText

# Part of a layer -> the names of its outputs, in the order of its channels.
_OBSERVED = {
    "attn.i_proj": ("input gate i",),
    "attn.f_proj": ("forget gate f",),
    "attn.g_proj": ("output gate g",),
    "attn.recurrence": ("state h",),
    "attn.o_proj": ("mixer output o",),
    "mlp.down_proj": ("unit output",),
}
_OBSERVED_UNIT = {
    "glu": {"mlp.gate_proj": ("unit gate", "unit up")},
    "lif": {"mlp.up_proj": ("neuron input",)},
}


def value_ranges(reference: MatMulFreeLM, text: EncodedText) -> dict[str, list[float]]:
    """Greatest magnitude of every kind of value, one number a layer: what a format must hold.

    Gates are taken in front of their sigmoid or swish. "residual x" is taken behind each
    layer, "embedding" and "logit" have one number.
    """
    greatest: dict[str, list[float]] = {}

    def observe(name: str, index: int, values: Tensor) -> None:
        numbers = greatest.setdefault(name, [])
        numbers.extend([0.0] * (index + 1 - len(numbers)))
        numbers[index] = max(numbers[index], float(values.abs().max()))

    def hook(names: tuple[str, ...], index: int) -> Callable[..., None]:
        def observe_output(module: Any, inputs: Any, output: Any) -> None:
            values = output[0] if isinstance(output, tuple) else output
            for name, part in zip(names, values.chunk(len(names), -1), strict=True):
                observe(name, index, part)

        return observe_output

    handles = [
        reference.model.embeddings.register_forward_hook(hook(("embedding",), 0)),
        reference.lm_head.register_forward_hook(hook(("logit",), 0)),
    ]
    for index, layer in enumerate(reference.model.layers):
        handles.append(layer.register_forward_hook(hook(("residual x",), index)))
        unit = _OBSERVED_UNIT[reference.config.channel_mixer]
        for part, names in (_OBSERVED | unit).items():
            handles.append(layer.get_submodule(part).register_forward_hook(hook(names, index)))
    _read(reference, text, handles)
    return greatest


def spike_shares(reference: MatMulFreeLM, text: EncodedText) -> list[float]:
    """Share of the neurons that fire at a token, a layer; no layer without neurons has any."""
    fired = [0.0] * len(reference.model.layers)

    def hook(index: int) -> Callable[..., None]:
        def observe_output(module: Any, inputs: Any, output: Any) -> None:
            fired[index] += float(output[0].mean(-1).sum())

        return observe_output

    handles = [
        layer.get_submodule("mlp.neurons").register_forward_hook(hook(index))
        for index, layer in enumerate(reference.model.layers)
        if reference.config.channel_mixer == "lif"
    ]
    _read(reference, text, handles)
    return [count / len(text.ids) for count in fired] if handles else []


def _read(reference: MatMulFreeLM, text: EncodedText, handles: list[RemovableHandle]) -> None:
    """Let the model read a text with the hooks of `handles`, and remove them."""
    try:
        state = reference.initial_state()
        with torch.no_grad():
            for ids in torch.tensor(text.ids).split(CHUNK):
                _, state = reference(ids.unsqueeze(0), state)
    finally:
        for handle in handles:
            handle.remove()

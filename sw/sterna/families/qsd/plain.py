"""Tensors as those of a Spike-driven Transformer V2: weights on their steps, scales folded.

Source: `bollossom/QSD-Transformer`, ``classification/quan_w.py``: a weight is the nearest multiple
of its step, halves to even ones, from -8 to 7 times; steps of activations mean nothing. A scale of
what a block adds is one of the batch norm in front.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from sterna.families.qsd.configuration import SCALES, STEP

LEAST, MOST = -8, 7
SCALED = dict(zip(SCALES, ("attn.proj_conv.1", "mlp.fc2_bn"), strict=True))
"""The batch norm of each."""


def plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without steps and scales; what is not changed is the tensor that was given."""
    made = dict(tensors)
    for name in tensors:
        if name.endswith(STEP):
            weight = name.removesuffix(STEP) + ".weight"
            made[weight] = quantised(tensors[weight], made.pop(name))
        elif name.endswith(SCALES):
            block, _, scale = name.rpartition(".")
            by = made.pop(name)
            for part in ("weight", "bias"):
                norm = f"{block}.{SCALED[scale]}.{part}"
                made[norm] = tensors[norm] * by
    return made


def quantised(weights: Tensor, steps: Tensor) -> Tensor:
    """Of [outputs, ...] and [outputs]."""
    steps = steps.reshape(-1, *(1,) * (weights.ndim - 1))
    return (weights / steps).clamp(LEAST, MOST).round() * steps

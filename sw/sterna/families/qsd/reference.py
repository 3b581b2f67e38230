"""The model in real numbers: that of Spike-driven Transformer V2, with counts for spikes.

Source: `bollossom/QSD-Transformer`, ``classification/models.py``. Neurons have no memory: they
round four times their input to 0 .. 4, halves up, and give a quarter of that, behind attention,
whose scale is 1/4, a half.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from sterna.families.qsd.configuration import Configuration
from sterna.families.qsd.plain import plain
from sterna.families.sdt_v2 import reference

MOST, PER_ONE = 4, 4
"""Counts, and how many an input of 1 is."""
UNIT, ATTENTION_UNIT, SCALE = 0.25, 0.5, 0.25


class Reference(reference.Reference):
    """Computes with the authors' tensors."""

    scale = SCALE

    def __init__(self, configuration: Configuration, tensors: Mapping[str, Tensor],
                 fit: bool = False) -> None:
        super().__init__(configuration, plain(tensors), fit)

    def spikes(self, x: Tensor, attention: bool) -> Tensor:
        """Counts, each for itself."""
        counts = torch.floor((PER_ONE * x).clamp(0, MOST) + 0.5)
        return counts * (ATTENTION_UNIT if attention else UNIT)

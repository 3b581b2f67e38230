"""What models of flash-linear-attention are to everything that models of several planes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.fla.configuration import NormedConfig
from sterna.families.rwkv.random_model import draw_usual
from sterna.families.rwkv.version import Version

if TYPE_CHECKING:
    from torch import nn


class FlaVersion(Version):
    """See `Version`."""

    embedding_norm = None

    def draw(self, config: Any, key: str, shape: tuple[int, ...], draw: np.random.Generator
             ) -> NDArray[np.float32]:
        found = draw_usual(config, key, shape, draw)
        # Keeps the residual stream of a deep model near its size at the start.
        last = key.endswith((".o_proj.weight", ".down_proj.weight", ".out_proj.weight"))
        return found * np.float32((2 * config.num_hidden_layers) ** -0.5) if last else found

    def norm(self, config: NormedConfig) -> nn.Module:
        from sterna.families.fla.reference import rms_norm

        return rms_norm(config)(config.hidden_size)

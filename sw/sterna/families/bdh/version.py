"""BDH to everything that models of several planes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.bdh.configuration import BdhConfig
from sterna.families.bdh.formats import BdhFormats
from sterna.families.bdh.layout import tensors
from sterna.families.bdh.lowering import BdhLowering
from sterna.families.bdh.names import DEFAULTS, FORMAT, SHIPPED, SIZES
from sterna.families.rwkv.random_model import draw_usual
from sterna.families.rwkv.version import Calibrated, Version
from sterna.families.rwkv.weights import RwkvModel

if TYPE_CHECKING:
    from torch import nn


class _Bdh(Version):
    title = "BDH"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = BdhFormats
    lowering = BdhLowering
    config = BdhConfig
    embedding_norm = ""

    def tensors(self, config: BdhConfig) -> dict[str, tuple[int, ...]]:
        return tensors(config)

    def asked(self, values: Mapping[str, int]) -> BdhConfig:
        return BdhConfig(
            vocab_size=values["vocabulary"], hidden_size=values["hidden"],
            num_hidden_layers=values["layers"], intermediate_size=values["neurons"],
            num_heads=values["heads"])

    def size(self, name: str) -> BdhConfig:
        hidden, layers = SIZES[name]
        return BdhConfig(hidden_size=hidden, num_hidden_layers=layers)

    def draw(self, config: BdhConfig, key: str, shape: tuple[int, ...], draw: np.random.Generator
             ) -> NDArray[np.float32]:
        return draw_usual(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.bdh.reference import BdhLayer
        from sterna.families.rwkv.calibration import choose
        from sterna.families.rwkv.ranges import Ranges, block_of, observe

        def layer(index: int, ranges: Ranges) -> BdhLayer:
            del index  # all of them are the first
            block = block_of(model, 0, lambda: BdhLayer(model.config), {}, {}, ranges)
            block.watch = ranges
            return block

        return choose(BdhFormats, observe(model, tokens, layer, progress), BdhFormats.rooms,
                      BdhFormats.fit)

    def module(self, config: BdhConfig) -> Any:
        from sterna.families.bdh.reference import Bdh

        return Bdh(config)

    def norm(self, config: BdhConfig) -> nn.Module:
        """None: what leaves the last layer has had its own."""
        from torch import nn

        return nn.Identity()


BDH = _Bdh()

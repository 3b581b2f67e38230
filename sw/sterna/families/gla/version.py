"""GLA to everything that models of several planes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.fla.configuration import split
from sterna.families.fla.version import FlaVersion
from sterna.families.gla.configuration import GlaConfig
from sterna.families.gla.layout import DECAY_BIAS, LINEAR, tensors
from sterna.families.gla.lowering import Formats, GlaLowering
from sterna.families.gla.names import DEFAULTS, FORMAT, SHIPPED, SIZES
from sterna.families.rwkv.version import Calibrated
from sterna.families.rwkv.weights import RwkvModel


class _Gla(FlaVersion):
    title = "GLA"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = Formats
    lowering = GlaLowering
    config = GlaConfig

    def tensors(self, config: GlaConfig) -> dict[str, tuple[int, ...]]:
        return tensors(config)

    def asked(self, values: Mapping[str, int]) -> GlaConfig:
        hidden, heads = values["hidden"], values["heads"]
        return GlaConfig(
            vocab_size=values["vocabulary"], hidden_size=hidden,
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            bos_token_id=None, eos_token_id=None, num_heads=heads,
            key_size=split(hidden / 2, heads, "half of hidden"),
            value_size=split(hidden, heads, "hidden"), gate_rank=values["gate_rank"])

    def size(self, name: str) -> GlaConfig:
        hidden, layers = SIZES[name]
        return GlaConfig(hidden_size=hidden, num_hidden_layers=layers, key_size=hidden // 8,
                         value_size=hidden // 4)

    def draw(self, config: GlaConfig, key: str, shape: tuple[int, ...], draw: np.random.Generator
             ) -> NDArray[np.float32]:
        if key.endswith(DECAY_BIAS):
            return draw.uniform(0, 5, shape).astype(np.float32)
        return super().draw(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.fla.calibration import calibrate
        from sterna.families.fla.reference import Layer
        from sterna.families.gla.reference import Attention

        return calibrate(Formats, model, tokens, lambda index: Layer(
            model.config, Attention(model.config)), LINEAR, progress)

    def module(self, config: GlaConfig) -> Any:
        from sterna.families.gla.reference import Gla

        return Gla(config)


GLA = _Gla()

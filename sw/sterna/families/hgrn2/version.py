"""HGRN2 to everything that models of several planes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.fla.configuration import split
from sterna.families.fla.version import FlaVersion
from sterna.families.hgrn2.configuration import Hgrn2Config
from sterna.families.hgrn2.layout import BOUNDS, LINEAR, tensors
from sterna.families.hgrn2.lowering import Formats, Hgrn2Lowering
from sterna.families.hgrn2.names import DEFAULTS, FORMAT, SHIPPED, SIZES
from sterna.families.rwkv.version import Calibrated
from sterna.families.rwkv.weights import RwkvModel


class _Hgrn2(FlaVersion):
    title = "HGRN2"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = Formats
    lowering = Hgrn2Lowering
    config = Hgrn2Config

    def tensors(self, config: Hgrn2Config) -> dict[str, tuple[int, ...]]:
        return tensors(config)

    def asked(self, values: Mapping[str, int]) -> Hgrn2Config:
        hidden, heads = values["hidden"], values["heads"]
        size = split(hidden, heads, "hidden")
        return Hgrn2Config(
            vocab_size=values["vocabulary"], hidden_size=hidden,
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            bos_token_id=None, eos_token_id=None, num_heads=heads, key_size=size, value_size=size)

    def size(self, name: str) -> Hgrn2Config:
        hidden, layers = SIZES[name]
        return Hgrn2Config(hidden_size=hidden, num_hidden_layers=layers, num_heads=hidden // 128)

    def draw(self, config: Hgrn2Config, key: str, shape: tuple[int, ...],
             draw: np.random.Generator) -> NDArray[np.float32]:
        if key == BOUNDS:
            return draw.standard_normal(shape, np.float32)
        return super().draw(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        import torch

        from sterna.families.fla.calibration import calibrate
        from sterna.families.fla.reference import Layer
        from sterna.families.hgrn2.reference import Attention, bounds

        kept = bounds(torch.from_numpy(model.tensor(BOUNDS).astype(np.float32)))

        def layer(index: int) -> Layer:
            attention = Attention(model.config)
            attention.bound = kept[index]
            return Layer(model.config, attention)

        return calibrate(Formats, model, tokens, layer, LINEAR, progress)

    def module(self, config: Hgrn2Config) -> Any:
        from sterna.families.hgrn2.reference import Hgrn2

        return Hgrn2(config)


HGRN2 = _Hgrn2()

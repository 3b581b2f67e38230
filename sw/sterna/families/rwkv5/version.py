"""RWKV-5 as a version of RWKV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.rwkv.headed import head_size
from sterna.families.rwkv.layout import EMBEDDINGS
from sterna.families.rwkv.random_model import draw_usual
from sterna.families.rwkv.version import Calibrated, Shapes, Version
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv5.configuration import Rwkv5Config
from sterna.families.rwkv5.layout import BONUS, DECAY, all_tensors
from sterna.families.rwkv5.lowering import Formats, Rwkv5Lowering
from sterna.families.rwkv5.names import DEFAULTS, FORMAT, SHIPPED, SIZES

_SHAPED = {EMBEDDINGS: 2, "blocks.0.ffn.key.weight": 2, f"blocks.0.{BONUS}": 2,
           f"blocks.0.{DECAY}": 2}
"""Tensors that the configuration is taken from, and their dimensions."""


class _Rwkv5(Version):
    title = "RWKV-5.2"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = Formats
    lowering = Rwkv5Lowering
    config = Rwkv5Config

    def tensors(self, config: Rwkv5Config) -> dict[str, tuple[int, ...]]:
        return all_tensors(config)

    def configured(self, shapes: Shapes, layers: int, end: int | None) -> Rwkv5Config:
        for key, dimensions in _SHAPED.items():
            if len(shapes.get(key, ())) != dimensions:
                raise InputError(f"has no tensors of an RWKV-5.2 ({key}: {dimensions} dimensions)")
        embedding, wide, bonus, _ = (shapes[key] for key in _SHAPED)
        return Rwkv5Config(
            embedding[0], embedding[1], layers, wide[0], eos_token_id=end, head_size=bonus[1])

    def asked(self, values: Mapping[str, int]) -> Rwkv5Config:
        hidden = values["hidden"]
        return Rwkv5Config(
            vocab_size=values["vocabulary"], hidden_size=hidden,
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            eos_token_id=None, head_size=head_size(hidden, values["heads"]))

    def size(self, name: str) -> Rwkv5Config:
        hidden, layers = SIZES[name]
        return Rwkv5Config(hidden_size=hidden, num_hidden_layers=layers)

    def draw(self, config: Rwkv5Config, key: str, shape: tuple[int, ...],
             draw: np.random.Generator) -> NDArray[np.float32]:
        if key.endswith(DECAY):
            return draw.uniform(-6, 0.5, shape).astype(np.float32)
        if key.endswith(BONUS):
            return draw.standard_normal(shape, np.float32) * np.float32(0.7)
        if "time_mix" in key:
            return draw.uniform(0, 1, shape).astype(np.float32)
        return draw_usual(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.rwkv5.lowering.calibration import calibrate

        return calibrate(model, tokens, progress)

    def module(self, config: Rwkv5Config) -> Any:
        from sterna.families.rwkv5.reference import Rwkv5

        return Rwkv5(config)


RWKV5 = _Rwkv5()

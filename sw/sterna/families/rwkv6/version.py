"""RWKV-6 as a version of RWKV."""

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
from sterna.families.rwkv6.configuration import Rwkv6Config
from sterna.families.rwkv6.layout import (
    BONUS,
    DECAY,
    DECAY_FIRST,
    DECAY_SECOND,
    MIX_FIRST,
    MIX_SECOND,
    all_tensors,
)
from sterna.families.rwkv6.lowering import Formats, Rwkv6Lowering
from sterna.families.rwkv6.names import DEFAULTS, FORMAT, SHIPPED, SIZES

_SHAPED = {EMBEDDINGS: 2, "blocks.0.ffn.key.weight": 2, f"blocks.0.{BONUS}": 2,
           f"blocks.0.{MIX_SECOND}": 3, f"blocks.0.{DECAY_SECOND}": 2}
"""Tensors that the configuration is taken from, and their dimensions."""


class _Rwkv6(Version):
    title = "RWKV-6"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = Formats
    lowering = Rwkv6Lowering
    config = Rwkv6Config

    def tensors(self, config: Rwkv6Config) -> dict[str, tuple[int, ...]]:
        return all_tensors(config)

    def configured(self, shapes: Shapes, layers: int, end: int | None) -> Rwkv6Config:
        for key, dimensions in _SHAPED.items():
            if len(shapes.get(key, ())) != dimensions:
                raise InputError(f"has no tensors of an RWKV-6 ({key}: {dimensions} dimensions)")
        embedding, wide, bonus, mix, decay = (shapes[key] for key in _SHAPED)
        return Rwkv6Config(
            embedding[0], embedding[1], layers, wide[0], eos_token_id=end, head_size=bonus[1],
            mix_rank=mix[1], decay_rank=decay[0])

    def asked(self, values: Mapping[str, int]) -> Rwkv6Config:
        hidden = values["hidden"]
        return Rwkv6Config(
            vocab_size=values["vocabulary"], hidden_size=hidden,
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            eos_token_id=None, head_size=head_size(hidden, values["heads"]),
            mix_rank=values["mix_rank"], decay_rank=values["decay_rank"])

    def size(self, name: str) -> Rwkv6Config:
        hidden, layers = SIZES[name]
        return Rwkv6Config(hidden_size=hidden, num_hidden_layers=layers)

    def draw(self, config: Rwkv6Config, key: str, shape: tuple[int, ...],
             draw: np.random.Generator) -> NDArray[np.float32]:
        if key.endswith(DECAY):
            return draw.uniform(-6, 0.5, shape).astype(np.float32)
        if key.endswith(BONUS):
            return draw.standard_normal(shape, np.float32) * np.float32(0.7)
        if key.endswith((MIX_FIRST, DECAY_FIRST)):
            return draw.standard_normal(shape, np.float32) * np.float32(shape[0] ** -0.5)
        if key.endswith((MIX_SECOND, DECAY_SECOND)):
            return draw.standard_normal(shape, np.float32) * np.float32(0.3 * shape[-2] ** -0.5)
        if "time_maa" in key:
            return draw.uniform(0, 1, shape).astype(np.float32)
        return draw_usual(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.rwkv6.lowering.calibration import calibrate

        return calibrate(model, tokens, progress)

    def module(self, config: Rwkv6Config) -> Any:
        from sterna.families.rwkv6.reference import Rwkv6

        return Rwkv6(config)


RWKV6 = _Rwkv6()

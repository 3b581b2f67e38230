"""RWKV-7 as a version of RWKV."""

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
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.layout import BONUS, KEY_GAIN, KEY_SHARE, all_tensors, unread_tensors
from sterna.families.rwkv7.lowering import Formats, Rwkv7Lowering
from sterna.families.rwkv7.names import DEFAULTS, FORMAT, SHIPPED, SIZES

_SHAPED = {EMBEDDINGS: 2, "blocks.0.ffn.key.weight": 2, f"blocks.0.{BONUS}": 2,
           "blocks.0.att.w1": 2, "blocks.0.att.a1": 2, "blocks.0.att.g1": 2}
"""Tensors that the configuration is taken from, and their dimensions."""


class _Rwkv7(Version):
    title = "RWKV-7"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = Formats
    lowering = Rwkv7Lowering
    config = Rwkv7Config

    def tensors(self, config: Rwkv7Config) -> dict[str, tuple[int, ...]]:
        return all_tensors(config)

    def unread(self, config: Rwkv7Config) -> tuple[str, ...]:
        return unread_tensors(config)

    def configured(self, shapes: Shapes, layers: int, end: int | None) -> Rwkv7Config:
        for key, dimensions in _SHAPED.items():
            if len(shapes.get(key, ())) != dimensions:
                raise InputError(f"has no tensors of an RWKV-7 ({key}: {dimensions} dimensions)")
        embedding, wide, bonus, decay, rate, gate = (shapes[key] for key in _SHAPED)
        # A model of one layer has no share of the first one's values.
        value = shapes.get("blocks.1.att.v1", ())
        return Rwkv7Config(
            embedding[0], embedding[1], layers, wide[0], eos_token_id=end, head_size=bonus[1],
            decay_rank=decay[1], rate_rank=rate[1],
            value_rank=value[1] if len(value) == 2 else 1, gate_rank=gate[1])

    def asked(self, values: Mapping[str, int]) -> Rwkv7Config:
        hidden = values["hidden"]
        return Rwkv7Config(
            vocab_size=values["vocabulary"], hidden_size=hidden,
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            eos_token_id=None, head_size=head_size(hidden, values["heads"]),
            decay_rank=values["decay_rank"], rate_rank=values["rate_rank"],
            value_rank=values["value_rank"], gate_rank=values["gate_rank"])

    def size(self, name: str) -> Rwkv7Config:
        hidden, layers, decay, rate, value, gate = SIZES[name]
        return Rwkv7Config(
            hidden_size=hidden, num_hidden_layers=layers, decay_rank=decay, rate_rank=rate,
            value_rank=value, gate_rank=gate)

    def draw(self, config: Rwkv7Config, key: str, shape: tuple[int, ...],
             draw: np.random.Generator) -> NDArray[np.float32]:
        name = key.rpartition("att.")[2]
        if name == "w0":
            return draw.uniform(-5, 1, shape).astype(np.float32)
        if name in ("a0", "v0"):
            return draw.standard_normal(shape, np.float32)
        if key.endswith(BONUS):
            return draw.standard_normal(shape, np.float32) * np.float32(0.3)
        if key.endswith((KEY_GAIN, KEY_SHARE)):
            return draw.uniform(0.7, 1.1, shape).astype(np.float32)
        if name in ("w1", "a1", "v1", "g1"):
            return draw.standard_normal(shape, np.float32) * np.float32(shape[0] ** -0.5)
        if name in ("w2", "a2", "v2", "g2"):
            spread = 2 if name == "g2" else 0.5
            return draw.standard_normal(shape, np.float32) * np.float32(spread * shape[0] ** -0.5)
        if ".x_" in key:
            return draw.uniform(0, 1, shape).astype(np.float32)
        return draw_usual(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.rwkv7.lowering.calibration import calibrate

        return calibrate(model, tokens, progress)

    def module(self, config: Rwkv7Config) -> Any:
        from sterna.families.rwkv7.reference import Rwkv7

        return Rwkv7(config)


RWKV7 = _Rwkv7()

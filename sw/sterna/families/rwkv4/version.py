"""RWKV-4 as a version of RWKV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.rwkv.layout import EMBEDDINGS, layer_key
from sterna.families.rwkv.lowering import Lowering
from sterna.families.rwkv.random_model import draw_usual
from sterna.families.rwkv.version import Calibrated, Shapes, Version
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.layout import BONUS, DECAY, all_tensors
from sterna.families.rwkv4.lowering import Formats, Rwkv4Lowering
from sterna.families.rwkv4.names import DEFAULTS, FORMAT, SHIPPED, SIZES


class Rwkv4Version(Version):
    """See `Version`."""

    title = "RWKV-4"
    sizes: Mapping[str, tuple[int, int]] = SIZES
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = Formats
    lowering: type[Lowering[Any]] = Rwkv4Lowering
    config: type[RwkvConfig] = RwkvConfig

    def tensors(self, config: RwkvConfig) -> dict[str, tuple[int, ...]]:
        return all_tensors(config)

    def configured(self, shapes: Shapes, layers: int, end: int | None) -> RwkvConfig:
        embedding, wide = shapes.get(EMBEDDINGS, ()), shapes.get(layer_key(0, "ffn.key.weight"), ())
        if len(embedding) != 2 or len(wide) != 2:
            raise InputError(f"has no tensors of an RWKV-4 ({EMBEDDINGS}, "
                             f"{layer_key(0, 'ffn.key.weight')}: matrices)")
        return self.config(embedding[0], embedding[1], layers, wide[0], eos_token_id=end)

    def asked(self, values: Mapping[str, int]) -> RwkvConfig:
        return self.config(
            vocab_size=values["vocabulary"], hidden_size=values["hidden"],
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            eos_token_id=None)

    def size(self, name: str) -> RwkvConfig:
        hidden, layers = self.sizes[name]
        return self.config(hidden_size=hidden, num_hidden_layers=layers)

    def draw(self, config: RwkvConfig, key: str, shape: tuple[int, ...], draw: np.random.Generator
             ) -> NDArray[np.float32]:
        if key.endswith(BONUS):
            return draw.standard_normal(shape, np.float32) * np.float32(0.7)
        if not key.endswith(DECAY) and "time_mix" not in key:
            return draw_usual(config, key, shape, draw)
        draw.standard_normal(shape, np.float32)  # as models of a seed have always been drawn
        return draw.uniform(*((-6, 1) if key.endswith(DECAY) else (0, 1)), shape).astype(np.float32)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.rwkv4.lowering.calibration import calibrate

        return calibrate(model, tokens, progress)

    def module(self, config: RwkvConfig) -> Any:
        from sterna.families.rwkv4.reference import Rwkv4

        return Rwkv4(config)


RWKV4 = Rwkv4Version()

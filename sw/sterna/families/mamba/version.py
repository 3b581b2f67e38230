"""Mamba to everything that models of several planes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.fla.version import FlaVersion
from sterna.families.layers.convolution import TAPS
from sterna.families.mamba.configuration import MambaConfig
from sterna.families.mamba.formats import MambaFormats
from sterna.families.mamba.layout import CONVOLUTION, LINEAR, LOG_RATE, SKIP, STEP, tensors
from sterna.families.mamba.lowering import MambaLowering
from sterna.families.mamba.names import DEFAULTS, FORMAT, SHIPPED, SIZES
from sterna.families.rwkv.version import Calibrated
from sterna.families.rwkv.weights import RwkvModel

SHORTEST, LONGEST = 1e-3, 1e-1
"""Time steps of random models without what a token says."""


class _Mamba(FlaVersion):
    title = "Mamba"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = MambaFormats
    lowering = MambaLowering
    config = MambaConfig
    tied = True

    def tensors(self, config: MambaConfig) -> dict[str, tuple[int, ...]]:
        return tensors(config)

    def asked(self, values: Mapping[str, int]) -> MambaConfig:
        return MambaConfig(
            vocab_size=values["vocabulary"], hidden_size=values["hidden"],
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            bos_token_id=None, eos_token_id=None, state_size=values["state"],
            step_rank=values["rank"])

    def size(self, name: str) -> MambaConfig:
        hidden, layers = SIZES[name]
        return MambaConfig(hidden_size=hidden, num_hidden_layers=layers)

    def draw(self, config: MambaConfig, key: str, shape: tuple[int, ...],
             draw: np.random.Generator) -> NDArray[np.float32]:
        if CONVOLUTION in key:
            bound = TAPS**-0.5
            return draw.uniform(-bound, bound, shape).astype(np.float32)
        if key.endswith(LOG_RATE):
            usual = np.log(np.arange(1, shape[1] + 1))
            return (usual + 0.1 * draw.standard_normal(shape)).astype(np.float32)
        if key.endswith(SKIP):
            return (1 + 0.2 * draw.standard_normal(shape)).astype(np.float32)
        if key.endswith(f"{STEP}.bias"):
            steps = np.exp(draw.uniform(np.log(SHORTEST), np.log(LONGEST), shape))
            return np.log(np.expm1(steps)).astype(np.float32)
        return super().draw(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.mamba.reference import MambaLayer
        from sterna.families.rwkv.calibration import choose
        from sterna.families.rwkv.ranges import Ranges, block_of, observe

        def layer(index: int, ranges: Ranges) -> MambaLayer:
            block = block_of(model, index, lambda: MambaLayer(model.config), LINEAR, {}, ranges)
            block.att.watch = ranges
            return block

        ranges = observe(model, tokens, layer, progress)
        return choose(MambaFormats, ranges, MambaFormats.rooms, MambaFormats.fit)

    def module(self, config: MambaConfig) -> Any:
        from sterna.families.mamba.reference import Mamba

        return Mamba(config)


MAMBA = _Mamba()

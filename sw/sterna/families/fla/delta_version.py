"""The models of delta rules to everything that models of several planes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.fla.configuration import split
from sterna.families.fla.delta_configuration import FLAGS, DeltaConfig
from sterna.families.fla.delta_formats import DeltaFormats
from sterna.families.fla.delta_layout import (
    CONVOLVED,
    FORGETS,
    GATE,
    LOG_SPEED,
    RATES,
    SPEED_BIAS,
    convolved,
    tensors,
)
from sterna.families.fla.delta_lowering import DeltaLowering
from sterna.families.fla.layout import OUTPUT
from sterna.families.fla.version import FlaVersion
from sterna.families.rwkv.version import Calibrated
from sterna.families.rwkv.weights import RwkvModel


class DeltaVersion(FlaVersion):
    """See `Version`; ``sizes`` are hidden size, layers, heads, keys and values of a head."""

    numbers = DeltaFormats
    lowering = DeltaLowering
    config: type[DeltaConfig]
    sizes: Mapping[str, tuple[int, int, int, int, int]]

    def tensors(self, config: DeltaConfig) -> dict[str, tuple[int, ...]]:
        return tensors(config)

    def asked(self, values: Mapping[str, int]) -> DeltaConfig:
        hidden, heads = values["hidden"], values["heads"]
        size = split(hidden, heads, "hidden")
        own: dict[str, Any] = {name: values[name] for name in ("steps", *FLAGS) if name in values}
        return self.config(
            vocab_size=values["vocabulary"], hidden_size=hidden,
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            bos_token_id=None, eos_token_id=None, num_heads=heads, key_size=size, value_size=size,
            **own)

    def size(self, name: str) -> DeltaConfig:
        hidden, layers, heads, keys, values = self.sizes[name]
        return self.config(hidden_size=hidden, num_hidden_layers=layers, num_heads=heads,
                           key_size=keys, value_size=values)

    def draw(self, config: DeltaConfig, key: str, shape: tuple[int, ...],
             draw: np.random.Generator) -> NDArray[np.float32]:
        if key.endswith("conv1d.weight"):
            return draw.uniform(-0.7, 0.7, shape).astype(np.float32)
        if key.endswith(LOG_SPEED):
            return np.log(draw.uniform(0.1, 16, shape)).astype(np.float32)
        if key.endswith(SPEED_BIAS):
            return draw.uniform(-6.5, -2.5, shape).astype(np.float32)
        return super().draw(config, key, shape, draw)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.fla.calibration import calibrate
        from sterna.families.fla.delta_reference import Attention, DeltaLayer

        config = model.config
        linear = {name: f"att.{CONVOLVED[kind]}_proj" for name, (kind, _) in
                  convolved(config).items()} | {"rate": RATES, "output": OUTPUT}
        linear |= {"forget": FORGETS} if config.forgets else {}
        linear |= {"gate": GATE} if config.gated else {}
        return calibrate(DeltaFormats, model, tokens,
                         lambda index: DeltaLayer(config, Attention(config)), linear, progress)

    def module(self, config: DeltaConfig) -> Any:
        from sterna.families.fla.delta_reference import DeltaModel

        return DeltaModel(config)

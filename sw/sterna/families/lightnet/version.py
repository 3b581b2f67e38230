"""LightNet to everything that models of several planes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sterna.families.fla.configuration import split
from sterna.families.fla.version import FlaVersion
from sterna.families.lightnet.configuration import LightNetConfig
from sterna.families.lightnet.layout import LINEAR, tensors
from sterna.families.lightnet.lowering import Formats, LightNetLowering
from sterna.families.lightnet.names import DEFAULTS, FORMAT, SHIPPED, SIZES
from sterna.families.rwkv.version import Calibrated
from sterna.families.rwkv.weights import RwkvModel


class _LightNet(FlaVersion):
    title = "LightNet"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    numbers = Formats
    lowering = LightNetLowering
    config = LightNetConfig

    def tensors(self, config: LightNetConfig) -> dict[str, tuple[int, ...]]:
        return tensors(config)

    def asked(self, values: Mapping[str, int]) -> LightNetConfig:
        hidden, heads = values["hidden"], values["heads"]
        size = split(hidden, heads, "hidden")
        return LightNetConfig(
            vocab_size=values["vocabulary"], hidden_size=hidden,
            num_hidden_layers=values["layers"], intermediate_size=values["intermediate"],
            bos_token_id=None, eos_token_id=None, num_heads=heads, key_size=size, value_size=size,
            gate_rank=values["gate_rank"])

    def size(self, name: str) -> LightNetConfig:
        hidden, layers = SIZES[name]
        return LightNetConfig(hidden_size=hidden, num_hidden_layers=layers,
                              num_heads=hidden // 128, value_size=128)

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.fla.calibration import calibrate
        from sterna.families.lightnet.reference import LightNetLayer

        return calibrate(Formats, model, tokens, lambda index: LightNetLayer(model.config), LINEAR,
                         progress)

    def module(self, config: LightNetConfig) -> Any:
        from sterna.families.lightnet.reference import LightNet

        return LightNet(config)


LIGHTNET = _LightNet()

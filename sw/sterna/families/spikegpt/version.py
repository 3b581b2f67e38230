"""SpikeGPT as a version of RWKV: an RWKV-4 with neurons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.rwkv.version import Calibrated
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.version import Rwkv4Version
from sterna.families.spikegpt.configuration import SpikeGptConfig
from sterna.families.spikegpt.lowering import Formats, SpikeGptLowering
from sterna.families.spikegpt.names import DEFAULTS, FORMAT, SHIPPED, SIZES

_LOUD = 12.0
"""Times by which random matrices in front of neurons are larger than an RWKV-4's, so that these
fire."""


class _SpikeGpt(Rwkv4Version):
    title = "SpikeGPT"
    file_titles = ("RWKV-4",)
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    config = SpikeGptConfig
    numbers = Formats
    lowering = SpikeGptLowering
    sizes = SIZES

    def draw(self, config: SpikeGptConfig, key: str, shape: tuple[int, ...],
             draw: np.random.Generator) -> NDArray[np.float32]:
        found = super().draw(config, key, shape, draw)
        loud = key.endswith(("att.output.weight", "ffn.value.weight"))
        return found * np.float32(_LOUD) if loud else found

    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        from sterna.families.spikegpt.lowering.calibration import calibrate

        return calibrate(model, tokens, progress)

    def module(self, config: SpikeGptConfig) -> Any:
        from sterna.families.spikegpt.reference import SpikeGpt

        return SpikeGpt(config)


SPIKEGPT = _SpikeGpt()

"""Parameters of lowered Mamba models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.convolution import TAP_FRACTION
from sterna.families.layers.ones import UNIT, UNIT_WORD
from sterna.families.layers.tables import ONE
from sterna.families.mamba.formats import MambaFormats
from sterna.families.mamba.layout import CONVOLUTION, LINEAR, LOG_RATE, SKIP, STEP
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.layout import HEAD as HEAD_KEY
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.parameters import RwkvParameters, words

PICK, RATE, TAP = "pick", "rate", "value_tap"
"""Vectors that have a 1 where a number of ``mix`` is, ``pick<index>``; rates of all channels' cells
of an index; taps of the convolution."""
BIASES = {"value_bias": CONVOLUTION, "step_bias": STEP}


class MambaParameters(RwkvParameters[MambaFormats]):
    """The parameters of a model, matrix by matrix."""

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """What channels and cells have, too."""
        config, layer, formats = self.model.config, self.layer(section, repetition), self.formats
        if name == UNIT:
            return np.full(config.intermediate_size, UNIT_WORD, np.int32)
        if name in BIASES:
            return words(self.model.layer(layer, f"{BIASES[name]}.bias"), formats.log_fraction)
        if name == "skip":
            return words(self.model.layer(layer, SKIP), formats.skip)
        kind = next((kind for kind in (PICK, RATE, TAP) if name.startswith(kind)), None)
        if kind is None:
            return super().vector(section, repetition, name)
        index = int(name.removeprefix(kind))
        if kind == PICK:
            return np.where(np.arange(2 * config.state_size) == index, ONE, 0).astype(np.int32)
        if kind == RATE:
            return words(np.exp(self.model.layer(layer, LOG_RATE)[:, index]), formats.rate)
        taps = self.model.layer(layer, f"{CONVOLUTION}.weight")
        return words(taps[:, 0, index], TAP_FRACTION)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        if name == HEAD:
            return self.model.tensor(HEAD_KEY)
        config = self.model.config
        found = self.model.tensor(f"{layer_key(layer, LINEAR[name])}.weight")
        rows = {"value": slice(0, config.intermediate_size),
                "gate": slice(config.intermediate_size, None),
                "step_down": slice(0, config.step_rank), "mix": slice(config.step_rank, None)}
        return found[rows.get(name, slice(None))]

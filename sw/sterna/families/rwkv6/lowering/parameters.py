"""Parameters of a lowered RWKV-6, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.heads import HEAD_UNIT, Heads
from sterna.families.layers.ones import UNIT_WORD
from sterna.families.layers.shift import MIX_FRACTION
from sterna.families.layers.tables import LOG_FRACTION
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.layout import HEAD as HEAD_KEY
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.parameters import RwkvParameters, words
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv6.layout import (
    BONUS,
    DECAY,
    DECAY_FIRST,
    DECAY_SECOND,
    HEAD_NORM,
    LINEAR,
    LOW_RANK,
    MIX_FIRST,
    MIX_SECOND,
    MIXED,
)
from sterna.families.rwkv6.lowering.formats import Formats
from sterna.program.definition import ScalarConstant

Values = NDArray[np.float64]


class Rwkv6Parameters(RwkvParameters[Formats]):
    """The parameters of a model, matrix by matrix."""

    def __init__(self, model: RwkvModel, formats: Formats,
                 scalars: Mapping[str, ScalarConstant]) -> None:
        super().__init__(model, formats, scalars)
        self._heads: Heads = model.config.heads
        self._own: Mapping[str, Callable[[int], tuple[Values, int]]] = {
            HEAD_UNIT: lambda layer: (np.full(model.config.hidden_size, float(UNIT_WORD)), 0),
            "decay": lambda layer: (model.layer(layer, DECAY), LOG_FRACTION),
            "bonus": lambda layer: (model.layer(layer, BONUS), SHARE_FRACTION),
            "headed_gain": lambda layer: (model.layer(layer, f"{HEAD_NORM}.weight"),
                                          formats.gain_fraction),
            "headed_bias": lambda layer: (model.layer(layer, f"{HEAD_NORM}.bias"),
                                          formats.headed_fraction),
        }

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Shares of the token before and of the present one, decays, bonuses; of heads."""
        if name in self._own:
            values, fraction = self._own[name](repetition)
            return words(self._heads.pad(values.reshape(-1)), fraction)
        if name.endswith("_share"):
            letter = name.removesuffix("_share")
            values = self.model.layer(repetition, f"att.time_maa_{letter}")
            return words(values.reshape(-1), SHARE_FRACTION)
        if name.endswith("_present"):
            letter = name.removesuffix("_present")
            values = self.model.layer(repetition, f"ffn.time_maa_{letter}")
            return words(1 - values.reshape(-1), MIX_FRACTION)
        return super().vector(section, repetition, name)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        """Heads have their padding: rows or columns of zeros."""
        model = self.model
        pair, _, part = name.rpartition("_")
        if pair in LOW_RANK:
            found = self._low_rank(pair, part, layer)
            return self._heads.pad(found) if (pair, part) == ("decay", "up") else found
        if name == HEAD:
            return model.tensor(HEAD_KEY)
        found = model.tensor(f"{layer_key(layer, LINEAR[name])}.weight")
        if name in ("receptance", "key", "value", "gate"):
            return self._heads.pad(found)
        return self._heads.pad(found.T).T if name == "output" else found

    def _low_rank(self, pair: str, part: str, layer: int) -> NDArray[np.floating]:
        """[outputs, inputs]; files have [inputs, outputs]. Half a tanh enters the second."""
        down, model = part == "down", self.model
        if pair == "decay":
            return model.layer(layer, DECAY_FIRST if down else DECAY_SECOND).T
        index = MIXED.index(pair[-1])
        if down:
            return np.split(model.layer(layer, MIX_FIRST), len(MIXED), 1)[index].T
        return model.layer(layer, MIX_SECOND)[index].T

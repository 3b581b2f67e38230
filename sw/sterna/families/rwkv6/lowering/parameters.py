"""Parameters of a lowered RWKV-6, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.shift import MIX_FRACTION
from sterna.families.layers.tables import LOG_FRACTION
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.headed_parameters import HeadedParameters, Own
from sterna.families.rwkv.parameters import words
from sterna.families.rwkv6.layout import (
    BONUS,
    DECAY,
    DECAY_FIRST,
    DECAY_SECOND,
    HEADED,
    LINEAR,
    LOW_RANK,
    MIX_FIRST,
    MIX_SECOND,
    MIXED,
)
from sterna.families.rwkv6.lowering.formats import Formats


class Rwkv6Parameters(HeadedParameters[Formats]):
    """See `HeadedParameters`."""

    linear, headed = LINEAR, HEADED

    def own(self) -> Mapping[str, Own]:
        return {"decay": self.of(DECAY, LOG_FRACTION), "bonus": self.of(BONUS, SHARE_FRACTION)}

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Shares of the token before and of the present one, too."""
        letter, _, what = name.rpartition("_")
        if what == "share":
            values = self.model.layer(repetition, f"att.time_maa_{letter}")
            return words(values.reshape(-1), SHARE_FRACTION)
        if what == "present":
            values = self.model.layer(repetition, f"ffn.time_maa_{letter}")
            return words(1 - values.reshape(-1), MIX_FRACTION)
        return super().vector(section, repetition, name)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        """Those of low rank, too."""
        pair, _, part = name.rpartition("_")
        if pair not in LOW_RANK:
            return super().weights(name, layer)
        found = self._low_rank(pair, part, layer)
        return self.heads.pad(found) if (pair, part) == ("decay", "up") else found

    def _low_rank(self, pair: str, part: str, layer: int) -> NDArray[np.floating]:
        """[outputs, inputs]; files have [inputs, outputs]. Half a tanh enters the second."""
        down, model = part == "down", self.model
        if pair == "decay":
            return model.layer(layer, DECAY_FIRST if down else DECAY_SECOND).T
        index = MIXED.index(pair[-1])
        if down:
            return np.split(model.layer(layer, MIX_FIRST), len(MIXED), 1)[index].T
        return model.layer(layer, MIX_SECOND)[index].T

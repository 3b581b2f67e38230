"""Parameters of a lowered RWKV-4, computed from the model when they are asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.shift import MIX_FRACTION
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.layout import HEAD as HEAD_KEY
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.parameters import RwkvParameters, words
from sterna.families.rwkv4.layout import BONUS, DECAY, MATRICES, SHIFTED
from sterna.families.rwkv4.lowering.formats import Formats


class Rwkv4Parameters(RwkvParameters[Formats]):
    """Those of all versions, and of attention."""

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Shares of the present token, decays and bonuses too."""
        matrix, _, what = name.rpartition("_")
        if what == "mix":
            return words(self.model.layer(repetition, SHIFTED[matrix]).reshape(-1), MIX_FRACTION)
        fraction = self.formats.log_fraction
        if what == "decay":
            return words(-np.exp(self.model.layer(repetition, DECAY)), fraction)
        if what == "bonus":
            return words(self.model.layer(repetition, BONUS), fraction)
        return super().vector(section, repetition, name)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        return self.model.tensor(HEAD_KEY if name == HEAD
                                 else f"{layer_key(layer, MATRICES[name])}.weight")

"""Parameters of a lowered RWKV-5, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.shift import MIX_FRACTION
from sterna.families.layers.tables import LOSS_FRACTION
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.headed_parameters import HeadedParameters, Own
from sterna.families.rwkv.parameters import words
from sterna.families.rwkv5.layout import BONUS, DECAY, HEADED, MATRICES, SHIFTED
from sterna.families.rwkv5.lowering.formats import Formats


class Rwkv5Parameters(HeadedParameters[Formats]):
    """See `HeadedParameters`."""

    linear, headed = MATRICES, HEADED

    def own(self) -> Mapping[str, Own]:
        return {
            "loss_share": lambda layer: (-np.expm1(-np.exp(self.model.layer(layer, DECAY))),
                                         LOSS_FRACTION),
            "bonus": self.of(BONUS, SHARE_FRACTION)}

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Shares of the present token, too."""
        matrix, _, what = name.rpartition("_")
        if what == "mix":
            return words(self.model.layer(repetition, SHIFTED[matrix]).reshape(-1), MIX_FRACTION)
        return super().vector(section, repetition, name)

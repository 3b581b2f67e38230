"""Parameters of a lowered RWKV-7, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.shift import MIX_FRACTION
from sterna.families.layers.tables import GATE_FRACTION
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.headed_parameters import HeadedParameters, Own
from sterna.families.rwkv.lowering import LAYER
from sterna.families.rwkv.parameters import words
from sterna.families.rwkv7.layout import BONUS, HEADED, KEY_GAIN, KEY_SHARE, LINEAR, LOW_RANK
from sterna.families.rwkv7.lowering.formats import Formats


class Rwkv7Parameters(HeadedParameters[Formats]):
    """See `HeadedParameters`; the first layer is a section of its own."""

    linear, headed = LINEAR, HEADED

    def own(self) -> Mapping[str, Own]:
        log = self.formats.log_fraction
        return {
            "decay_bias": self.of("att.w0", log), "rate_bias": self.of("att.a0", log),
            "first_bias": self.of("att.v0", log), "key_gain": self.of(KEY_GAIN, SHARE_FRACTION),
            "key_share": self.of(KEY_SHARE, SHARE_FRACTION),
            "key_rest": lambda layer: (1 - self.model.layer(layer, KEY_SHARE), SHARE_FRACTION),
            "agreement": self.of(BONUS, SHARE_FRACTION)}

    def layer(self, section: str, repetition: int) -> int:
        return repetition + (section == LAYER)

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Shares of the present token, too."""
        layer = self.layer(section, repetition)
        if name == "gate_one":
            return np.full(self.model.config.gate_rank, 1 << GATE_FRACTION, np.int32)
        if name == "wide_present":
            return words(1 - self.model.layer(layer, "ffn.x_k").reshape(-1), MIX_FRACTION)
        letter, _, what = name.rpartition("_")
        if what == "share" and letter != "key":
            return words(self.model.layer(layer, f"att.x_{letter}").reshape(-1), MIX_FRACTION)
        return super().vector(section, repetition, name)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        """Those of low rank, too, which files have [inputs, outputs]."""
        pair, _, part = name.rpartition("_")
        if pair not in LOW_RANK:
            return super().weights(name, layer)
        found = self.model.layer(layer, f"att.{LOW_RANK[pair]}{1 if part == 'down' else 2}").T
        return self.heads.pad(found) if part == "up" else found

"""Parameters of a lowered RWKV-7, computed from the model when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.heads import HEAD_UNIT, Heads
from sterna.families.layers.ones import UNIT_WORD
from sterna.families.layers.shift import MIX_FRACTION
from sterna.families.layers.tables import GATE_FRACTION
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.layout import HEAD as HEAD_KEY
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.lowering import LAYER
from sterna.families.rwkv.parameters import RwkvParameters, words
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv7.layout import BONUS, HEAD_NORM, KEY_GAIN, KEY_SHARE, LINEAR, LOW_RANK
from sterna.families.rwkv7.lowering.formats import Formats
from sterna.program.definition import ScalarConstant

Values = NDArray[np.floating]


class Rwkv7Parameters(RwkvParameters[Formats]):
    """The parameters of a model, matrix by matrix; the first layer is a section of its own."""

    def __init__(self, model: RwkvModel, formats: Formats,
                 scalars: Mapping[str, ScalarConstant]) -> None:
        super().__init__(model, formats, scalars)
        self._heads: Heads = model.config.heads
        hidden = model.config.hidden_size

        def of(key: str, fraction: int) -> Callable[[int], tuple[Values, int]]:
            return lambda layer: (model.layer(layer, key), fraction)

        self._own: Mapping[str, Callable[[int], tuple[Values, int]]] = {
            HEAD_UNIT: lambda layer: (np.full(hidden, float(UNIT_WORD)), 0),
            "decay_bias": of("att.w0", formats.log_fraction),
            "rate_bias": of("att.a0", formats.log_fraction),
            "first_bias": of("att.v0", formats.log_fraction),
            "key_gain": of(KEY_GAIN, SHARE_FRACTION),
            "key_share": of(KEY_SHARE, SHARE_FRACTION),
            "key_rest": lambda layer: (1 - model.layer(layer, KEY_SHARE), SHARE_FRACTION),
            "agreement": of(BONUS, SHARE_FRACTION),
            "headed_gain": of(f"{HEAD_NORM}.weight", formats.gain_fraction),
            "headed_bias": of(f"{HEAD_NORM}.bias", formats.headed_fraction),
        }

    def layer(self, section: str, repetition: int) -> int:
        return repetition + (section == LAYER)

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Shares of the present token, and what heads have."""
        layer = self.layer(section, repetition)
        if name in self._own:
            values, fraction = self._own[name](layer)
            return words(self._heads.pad(values.reshape(-1)), fraction)
        if name == "gate_one":
            return np.full(self.model.config.gate_rank, 1 << GATE_FRACTION, np.int32)
        if name == "wide_present":
            return words(1 - self.model.layer(layer, "ffn.x_k").reshape(-1), MIX_FRACTION)
        if name.endswith("_share"):
            letter = name.removesuffix("_share")
            return words(self.model.layer(layer, f"att.x_{letter}").reshape(-1), MIX_FRACTION)
        return super().vector(section, repetition, name)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        """Heads have their padding: rows or columns of zeros. Files have low-rank maps [inputs,
        outputs]."""
        model = self.model
        pair, _, part = name.rpartition("_")
        if pair in LOW_RANK:
            found = model.layer(layer, f"att.{LOW_RANK[pair]}{1 if part == 'down' else 2}").T
            return self._heads.pad(found) if part == "up" else found
        if name == HEAD:
            return model.tensor(HEAD_KEY)
        found = model.tensor(f"{layer_key(layer, LINEAR[name])}.weight")
        if name in ("receptance", "key", "value"):
            return self._heads.pad(found)
        return self._heads.pad(found.T).T if name == "output" else found

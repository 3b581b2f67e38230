"""Parameters of lowered BDH models: those of a layer are those of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.families.bdh.formats import BdhFormats
from sterna.families.bdh.layout import KINDS, LEAVE, frequencies, matrices
from sterna.families.layers.heads import HEAD_UNIT
from sterna.families.layers.ones import UNIT_WORD
from sterna.families.layers.rotary import HIGH_STEP, LOW_STEP, steps
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.layout import HEAD as HEAD_KEY
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.parameters import RwkvParameters


class BdhParameters(RwkvParameters[BdhFormats]):
    """The parameters of a model, matrix by matrix."""

    def layer(self, section: str, repetition: int) -> int:
        del section, repetition
        return 0

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """What pairs have, too."""
        config = self.model.config
        if name == HEAD_UNIT:
            return np.full(config.pairs, UNIT_WORD, np.int32)
        if name in (HIGH_STEP, LOW_STEP):
            return steps(frequencies(config.neurons))[name]
        return super().vector(section, repetition, name)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        if name == HEAD:
            return self.model.tensor(HEAD_KEY)
        heads = self.model.config.num_heads
        one = next(one for one in matrices(heads) if one.name == name)
        found = self.model.tensor(layer_key(layer, KINDS[one.kind]))
        return one.of(found.reshape(heads, -1, found.shape[-1]) if one.kind == LEAVE else found)

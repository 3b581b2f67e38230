"""Parameters of lowered versions whose states are matrices: heads have their padding."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sterna.families.layers.heads import HEAD_UNIT, Heads
from sterna.families.layers.ones import UNIT_WORD
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed import HEAD_NORM
from sterna.families.rwkv.headed_formats import StateFormats
from sterna.families.rwkv.layout import HEAD as HEAD_KEY
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.parameters import RwkvParameters, words
from sterna.families.rwkv.weights import RwkvModel
from sterna.program.definition import ScalarConstant

H = TypeVar("H", bound=StateFormats)
Values = NDArray[np.floating]
Own = Callable[[int], tuple[Values, int]]
"""Of a layer: the elements of all heads, and their fraction bits."""


class HeadedParameters(RwkvParameters[H]):
    """The parameters of a model, matrix by matrix.

    ``linear`` are matrices [outputs, inputs] by their names in the program, of which ``headed``
    have a row for each element of the heads.
    """

    linear: Mapping[str, str]
    headed: tuple[str, ...] = ("receptance", "key", "value")

    def __init__(self, model: RwkvModel, formats: H, scalars: Mapping[str, ScalarConstant]) -> None:
        super().__init__(model, formats, scalars)
        self.heads: Heads = model.config.heads
        self._own: Mapping[str, Own] = {HEAD_UNIT: self._ones, **self.normed(), **self.own()}

    @abstractmethod
    def own(self) -> Mapping[str, Own]:
        """Constant vectors of heads, by name."""

    def normed(self) -> Mapping[str, Own]:
        """Of the norm of what is read."""
        formats = self.formats
        return {"headed_gain": self.of(f"{HEAD_NORM}.weight", formats.gain_fraction),
                "headed_bias": self.of(f"{HEAD_NORM}.bias", formats.headed_fraction)}

    def heads_of(self, name: str) -> Heads:
        """Those of a constant vector, of the rows of a matrix of ``headed``, and of the columns of
        the one that leads out."""
        del name
        return self.heads

    def _ones(self, layer: int) -> tuple[Values, int]:
        del layer
        heads = self.heads_of(HEAD_UNIT)
        return np.full(heads.count * heads.size, float(UNIT_WORD)), 0

    def of(self, key: str, fraction: int) -> Own:
        """A tensor of the layer as it is."""
        return lambda layer: (self.model.layer(layer, key), fraction)

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """What heads have, too."""
        if name not in self._own:
            return super().vector(section, repetition, name)
        values, fraction = self._own[name](self.layer(section, repetition))
        return words(self.heads_of(name).pad(values.reshape(-1)), fraction)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        """Rows or columns of zeros are the padding."""
        if name == HEAD:
            return self.model.tensor(HEAD_KEY)
        found = self.model.tensor(f"{layer_key(layer, self.linear[name])}.weight")
        if name in self.headed:
            return self.heads_of(name).pad(found)
        return self.heads_of(name).pad(found.T).T if name == "output" else found

"""Parameters of lowered models of delta rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sterna.families.fla.delta_formats import SPEED_FRACTION, DeltaFormats
from sterna.families.fla.delta_layout import (
    CONVOLVED,
    FORGETS,
    GATE,
    LOG_SPEED,
    RATES,
    SPEED_BIAS,
    convolved,
)
from sterna.families.fla.layout import CHANNELS, HEAD_NORM, OUTPUT
from sterna.families.fla.parameters import FlaParameters
from sterna.families.layers.convolution import TAP_FRACTION, TAPS
from sterna.families.layers.heads import Heads
from sterna.families.layers.ones import UNIT, UNIT_WORD
from sterna.families.layers.tables import ONE
from sterna.families.rwkv.headed_parameters import Own
from sterna.families.rwkv.layout import layer_key
from sterna.families.rwkv.parameters import words

PICK = "pick"
"""Vectors that have a 1 where a head's rate of a step is: ``pick<step>_<head>``."""


class DeltaParameters(FlaParameters[DeltaFormats]):
    """See `FlaParameters`."""

    linear = {"rate": RATES, "forget": FORGETS, "gate": GATE, "output": OUTPUT, **CHANNELS}
    headed, keyed = ("gate",), ()

    def heads_of(self, name: str) -> Heads:
        config = self.model.config
        found: Heads = config.key_heads if name.startswith(("query", "key")) else config.heads
        return found

    def own(self) -> Mapping[str, Own]:
        taps: dict[str, Own] = {
            f"{name}_tap{tap}": partial(self._tap, name, tap)
            for name in convolved(self.model.config) for tap in range(TAPS)}
        return {**taps, "headed_gain": self._gain}

    def vector(self, section: str, repetition: int, name: str) -> NDArray[np.int32]:
        """Numbers a head, too."""
        heads, layer = self.model.config.num_heads, self.layer(section, repetition)
        if name.startswith(PICK):
            step, _, head = name.removeprefix(PICK).partition("_")
            found = np.zeros(self.model.config.steps * heads, np.int32)
            found[int(step) * heads + int(head)] = ONE
            return found
        if name == UNIT:
            return np.full(heads, UNIT_WORD, np.int32)
        if name == "speed":
            return words(np.exp(self.model.layer(layer, LOG_SPEED)), SPEED_FRACTION)
        if name == "speed_bias":
            return words(self.model.layer(layer, SPEED_BIAS), self.formats.log_fraction)
        return super().vector(section, repetition, name)

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        if name not in convolved(self.model.config):
            return super().weights(name, layer)
        return self.heads_of(name).pad(self._part(name, layer, "proj"))

    def _part(self, name: str, layer: int, what: str) -> NDArray[np.floating]:
        """The rows of a step of a tensor of queries, keys or values."""
        kind, step = convolved(self.model.config)[name]
        rows = self.model.tensor(layer_key(layer, f"att.{CONVOLVED[kind]}_{what}.weight"))
        heads = self.heads_of(name)
        return rows.reshape(-1, heads.count * heads.size, *rows.shape[1:])[step]

    def _tap(self, name: str, tap: int, layer: int) -> tuple[NDArray[np.floating], int]:
        return self._part(name, layer, "conv1d")[:, 0, tap].astype(np.float64), TAP_FRACTION

    def _gain(self, layer: int) -> tuple[NDArray[np.floating], int]:
        one = self.model.layer(layer, HEAD_NORM)
        return np.tile(one, self.model.config.num_heads), self.formats.gain_fraction

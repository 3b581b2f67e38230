"""Lowering of GLA: its token as a program.

The scale of queries is folded into their matrix, whose rows have scales of their own anyway.

Source: "Gated Linear Attention Transformers with Hardware-Efficient Training" (arXiv 2312.06635).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sterna.families.fla.formats import ROOM, FlaFormats
from sterna.families.fla.layout import CHANNELS, HEAD_NORM
from sterna.families.fla.lowering import SOURCES, FlaLowering
from sterna.families.fla.parameters import FlaParameters
from sterna.families.gla.layout import DECAY_BIAS, KEYED, LINEAR, VALUED, attention_shape
from sterna.families.gla.reference import NORMALIZER
from sterna.families.layers.codes import in_turn
from sterna.families.layers.heads import HEAD_ONES, HEAD_UNIT, add_head_constant, make_head_ones
from sterna.families.layers.rms import HeadRms
from sterna.families.layers.shift import silu
from sterna.families.layers.tables import LOSS, ONE_FRACTION, WORD_BITS
from sterna.families.rwkv.calibration import Room
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import GatedFormats
from sterna.families.rwkv.headed_parameters import Own
from sterna.law.matrix_state import MOST_DECAY_FRACTION
from sterna.law.tables import Table, function_table
from sterna.program.definition import Parameters, ScalarConstant
from sterna.program.instructions import Constant, Element, Kernel, Lookup, Vector
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState

STEEPEST = 7
"""Bits of fraction by which losses may be finer than what their table takes."""


@dataclass(frozen=True, kw_only=True)
class Formats(GatedFormats, FlaFormats):
    """See `FlaFormats`."""

    key_fraction: int = 12
    query_fraction: int = 12

    names: ClassVar[tuple[str, ...]] = (*LINEAR, *CHANNELS, HEAD)
    shared: ClassVar[tuple[str, ...]] = ("query", "key", "value", "gate", "decay_down", "admit",
                                         "wide")
    results: ClassVar[Mapping[str, str]] = {"query": "query", "key": "key", "value": "value"}
    rooms: ClassVar[Mapping[str, Room]] = ROOM | {
        "query": Room(1.5, 13), "key": Room(1.5, 13), "decay": Room(1.5, MOST_DECAY_FRACTION),
        "attended": Room(1.5, 13)}

    @property
    def gated_by(self) -> int:
        return self.log_fraction

    @classmethod
    def fit(cls, fractions: dict[str, int]) -> None:
        super().fit(fractions)
        # The table must not be too steep: its slope is at most 1 / NORMALIZER.
        fractions["decay"] = min(fractions["decay"], fractions["log"] + STEEPEST)

    def source_fraction(self, name: str) -> int:
        return self.log_fraction if name == "decay_up" else super().source_fraction(name)


class GlaParameters(FlaParameters[Formats]):
    """See `FlaParameters`."""

    linear, headed = {**LINEAR, **CHANNELS}, (*KEYED, *VALUED)
    keyed = (*KEYED, "decay_bias", HEAD_UNIT)

    def own(self) -> Mapping[str, Own]:
        formats = self.formats
        return {"decay_bias": self.of(DECAY_BIAS, formats.log_fraction), "headed_gain": self._gain}

    def weights(self, name: str, layer: int) -> NDArray[np.floating]:
        found = super().weights(name, layer)
        return found * self.model.config.key_size**-0.5 if name == "query" else found

    def _gain(self, layer: int) -> tuple[NDArray[np.floating], int]:
        one = self.model.layer(layer, HEAD_NORM)
        return np.tile(one, self.model.config.num_heads), self.formats.gain_fraction


class GlaLowering(FlaLowering[Formats]):
    """See `Lowering`."""

    sources = {**dict.fromkeys(("query", "key", "value", "gate", "decay_down"), "a"),
               "decay_up": "decay_inner", **SOURCES}

    def rows(self, name: str) -> tuple[int, int]:
        return attention_shape(self.config, name, self.keys.length, self.values.length)

    def head_norm(self) -> HeadRms:
        """Of what is read of the states."""
        formats = self.formats
        return HeadRms("heads", self.values, formats.read_fraction, formats.headed_fraction,
                       self.config.norm_eps, self.values.size)

    def own_scalars(self) -> dict[str, ScalarConstant]:
        return dict(self.head_norm().scalars())

    def tables(self) -> dict[str, Table]:
        """And what states lose."""
        formats = self.formats
        return super().tables() | {LOSS: function_table(
            LOSS, lambda x: -np.expm1(-np.logaddexp(0, -x) / NORMALIZER), WORD_BITS,
            formats.log_fraction, formats.decay_fraction)}

    def parameters(self) -> Parameters:
        return GlaParameters(self.model, self.formats, self.scalars())

    def keyed(self) -> dict[str, int | None]:
        return super().keyed() | {"key": self.formats.key_fraction, HEAD_ONES: ONE_FRACTION}

    def valued(self) -> dict[str, int | None]:
        return super().valued() | {"gate": self.formats.log_fraction}

    def fractions(self) -> dict[str, int | None]:
        return super().fractions() | {"decay_inner": self.formats.log_fraction}

    def lengths(self) -> dict[str, int]:
        return super().lengths() | {"decay_inner": self.config.gate_rank}

    def attention(self) -> tuple[Item, ...]:
        formats = self.formats
        products = (
            *self.passes("decay_down", "decay_inner", absmax="decay_inner"),
            *self.taken("query", "query", *make_head_ones("query")), *self.taken("key", "key"),
            *self.taken("value", "value"), *self.taken("gate", "gate", *silu("gate", "attended")),
            *self.passes("decay_up", "loss", add_head_constant("loss", "loss", "decay_bias"),
                         Lookup(result="loss", a="loss", table=LOSS)))
        leave = Kernel(name="leave", length=self.values.length, body=(
            Element(result="read", a="read", multiplier=Constant("headed_gain"),
                    shift=formats.gain_fraction),
            Element(result="attended", a="read", multiplier=Vector("gate"),
                    shift=formats.attended_shift, absmax="attended")))
        return (
            *in_turn(products),
            MatrixState(state="cells", format=self.state(), decay="loss",
                        products=(("key", "value"),), read="query", result="read"),
            *self.head_norm().items("read"), leave, *self.leave_attention())

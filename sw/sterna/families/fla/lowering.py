"""What the programs of models of flash-linear-attention have: their norms and gated channels.

All maps of a norm's result take the same codes. Heads lie side by side with padding
(`layers.heads`), those of keys and those of values each with their own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TypeVar

from sterna.families.fla.formats import FlaFormats
from sterna.families.fla.layout import CHANNELS, channel_shape
from sterna.families.layers.codes import Pass, in_turn
from sterna.families.layers.heads import Heads
from sterna.families.layers.rms import RmsNorm
from sterna.families.layers.shift import silu
from sterna.families.layers.tables import SIGMOID, layer_tables
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.lowering import FIRST, LAYER, SECOND, Lowering
from sterna.families.rwkv.weights import RwkvModel
from sterna.law.tables import Table
from sterna.program.definition import ScalarConstant, VectorFormat
from sterna.program.instructions import Element, Operation, Section, Vector
from sterna.program.items import Item
from sterna.program.matrix_state import StateFormat

L = TypeVar("L", bound=FlaFormats)
SOURCES = {"output": "attended", "admit": "b", "wide": "b", "down": "inner", HEAD: "normed"}
"""What the matrices of all such models take."""


class FlaLowering(Lowering[L]):
    """See `Lowering`."""

    def __init__(self, model: RwkvModel, formats: L | None = None) -> None:
        super().__init__(model, formats)
        self.keys: Heads = model.config.key_heads
        self.values: Heads = model.config.heads

    @abstractmethod
    def attention(self) -> tuple[Item, ...]:
        """From the norm's result ``a``, whose words entered an absmax, to the residual stream."""

    @abstractmethod
    def rows(self, name: str) -> tuple[int, int]:
        """Rows and columns of a matrix of attention."""

    def shape(self, name: str) -> tuple[int, int]:
        return channel_shape(self.config, name) if name in CHANNELS else self.rows(name)

    def norms(self) -> Mapping[str, RmsNorm]:
        formats = self.formats
        return {name: RmsNorm(name, self.hidden, formats.residual_fraction,
                              formats.normed_fraction, self.config.norm_eps, formats.gain_fraction)
                for name in (FIRST, SECOND)}

    def scalars(self) -> dict[str, ScalarConstant]:
        return super().scalars() | self.own_scalars()

    @abstractmethod
    def own_scalars(self) -> dict[str, ScalarConstant]:
        """Of attention."""

    def tables(self) -> dict[str, Table]:
        """Sigmoids."""
        return {SIGMOID: layer_tables(self.formats.log_fraction)[SIGMOID]}

    def state(self) -> StateFormat:
        """Of a layer."""
        formats = self.formats
        return formats.state(self.keys, self.values, formats.decay_fraction)

    def begin(self) -> tuple[Operation, ...]:
        return ()

    def layers(self) -> tuple[Section, ...]:
        return (Section(name=LAYER, items=(
            *self.norms()[FIRST].items("x", "a", "a"), *self.attention(), *self._channels()),
            repeat=self.config.num_hidden_layers),)

    def keyed(self) -> dict[str, int | None]:
        """Vectors of all heads of keys, and their fraction bits."""
        formats = self.formats
        return {"query": formats.asked, "loss": formats.decay_fraction}

    def valued(self) -> dict[str, int | None]:
        """Those of all heads of values."""
        formats = self.formats
        return {"value": formats.value_fraction, "read": formats.read_fraction,
                "attended": formats.attended}

    def fractions(self) -> dict[str, int | None]:
        formats = self.formats
        return {**self.keyed(), **self.valued(), "b": formats.normed_fraction,
                "admit": formats.log_fraction, "wide": formats.wide_fraction,
                "inner": formats.inner}

    def lengths(self) -> dict[str, int]:
        return (dict.fromkeys(self.keyed(), self.keys.length)
                | dict.fromkeys(self.valued(), self.values.length)
                | dict.fromkeys(("admit", "wide", "inner"), self.wide))

    def spare(self) -> tuple[str, ...]:
        return ()

    def states(self) -> dict[str, int]:
        return {}

    def carried(self) -> dict[str, VectorFormat]:
        return {"x": super().carried()["x"]}

    def taken(self, name: str, result: str, *body: Operation, first: bool = False
              ) -> tuple[Pass, ...]:
        """A map of what the norm gives; the ``first`` of them makes the codes."""
        return self.passes(name, result, *body, made=not first)

    def _channels(self) -> tuple[Item, ...]:
        """Channel mixing behind the silu of a matrix."""
        formats = self.formats
        gated = Element(result="inner", a="wide", multiplier=Vector("admit"),
                        shift=formats.inner_shift, absmax="inner")
        return (
            *self.norms()[SECOND].items("x", "b", "b"),
            *in_turn((*self.taken("admit", "admit", *silu("admit", "inner"), first=True),
                      *self.taken("wide", "wide", gated))),
            *in_turn(self.residual("down", FIRST)))

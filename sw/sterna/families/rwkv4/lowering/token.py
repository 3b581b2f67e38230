"""Lowering of RWKV-4: its token as a program.

The sums that a norm needs enter where the residual stream is made. Attention is computed while the
receptance's products come, which need the engine longer; the codes of the squared channels are made
while the gate's matrix is at work. The norm of the embedding is in its rows.

Source: "RWKV: Reinventing RNNs for the Transformer Era" (arXiv 2305.13048), with attention in the
form of `sterna.families.layers.wkv`.
"""

from __future__ import annotations

from typing import TypeVar

from sterna.families.layers.codes import in_turn
from sterna.families.layers.tables import EDGE, GATE_FRACTION, SIGMOID, layer_tables
from sterna.families.layers.wkv import Wkv
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.layout import linear_shape
from sterna.families.rwkv.lowering import FIRST, LAYER, Lowering
from sterna.families.rwkv4.lowering.formats import Formats
from sterna.families.rwkv4.lowering.parameters import Rwkv4Parameters
from sterna.law.tables import Table
from sterna.program.definition import Parameters, VectorFormat
from sterna.program.instructions import Element, Lookup, ScalarOperation, Section, Vector
from sterna.program.items import Item

SOURCES = {"key": "for_key", "value": "for_value", "receptance": "for_receptance",
           "output": "attended", "wide": "for_wide", "gate": "for_gate", "down": "square",
           HEAD: "normed"}
R = TypeVar("R", bound=Formats)


class Rwkv4Lowering(Lowering[R]):
    """See `Lowering`."""

    sources = SOURCES

    def shape(self, name: str) -> tuple[int, int]:
        return linear_shape(self.config, name)

    def tables(self) -> dict[str, Table]:
        return layer_tables(self.formats.log_fraction)

    def parameters(self) -> Parameters:
        return Rwkv4Parameters(self.model, self.formats, self.scalars())

    def layers(self) -> tuple[Section, ...]:
        return (Section(name=LAYER, items=self.items(), repeat=self.config.num_hidden_layers),)

    def items(self) -> tuple[Item, ...]:
        """Of a layer."""
        return (*self._mix_tokens(), *self.gated_channels("gate", ("wide_mix", "gate_mix")))

    def fractions(self) -> dict[str, int | None]:
        formats = self.formats
        return {"k": formats.log_fraction, "r": GATE_FRACTION, "v": formats.value_fraction,
                "wide": formats.wide_fraction}

    def vectors(self) -> dict[str, VectorFormat]:
        return super().vectors() | self._attention().vectors()

    def _attention(self) -> Wkv:
        formats = self.formats
        return Wkv("wkv", self.hidden, formats.value_fraction, formats.log_fraction)

    def _mix_tokens(self) -> tuple[Item, ...]:
        attended = SOURCES["output"]
        attend = (
            Lookup(result="r", a="r", table=SIGMOID),
            *self._attention().body("k", "v", attended),
            Element(result=attended, a=attended, multiplier=Vector("r"), shift=GATE_FRACTION,
                    absmax=attended))
        return (
            *self.norms()[FIRST].items("x", "a"),
            self.shift("shift_tokens", "attention_before", [
                (name, f"{name}_mix") for name in ("key", "value", "receptance")]),
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn((*self.passes("key", "k"), *self.passes("value", "v"),
                      *self.passes("receptance", "r", *attend))),
            *self.leave_attention(),
        )

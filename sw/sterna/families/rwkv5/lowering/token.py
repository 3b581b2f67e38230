"""Lowering of RWKV-5: its token as a program.

Tokens are mixed by constant shares, as those of RWKV-4; the states are those of RWKV-6, but what
they lose is a constant vector.

Source: "Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence" (arXiv 2404.05892).
"""

from __future__ import annotations

from sterna.families.layers.codes import in_turn
from sterna.families.layers.heads import HEAD_ONES
from sterna.families.layers.tables import (
    EDGE,
    GATE_FRACTION,
    ONE_FRACTION,
    SIGMOID,
    layer_tables,
)
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_lowering import BonusLowering
from sterna.families.rwkv.lowering import FIRST, LAYER
from sterna.families.rwkv5.layout import HEADED, matrix_shape
from sterna.families.rwkv5.lowering.formats import Formats
from sterna.families.rwkv5.lowering.parameters import Rwkv5Parameters
from sterna.law.tables import Table
from sterna.program.definition import Parameters
from sterna.program.instructions import Constant, Element, ScalarOperation, Section
from sterna.program.items import Item

SOURCES = {
    "key": "for_key", "value": "for_value", "receptance": "for_receptance", "gate": "for_gate",
    "output": "attended", "wide": "for_wide", "admit": "for_admit", "down": "square",
    HEAD: "normed"}


class Rwkv5Lowering(BonusLowering[Formats]):
    """See `Lowering`."""

    sources = SOURCES

    def shape(self, name: str) -> tuple[int, int]:
        return matrix_shape(self.config, name)

    def tables(self) -> dict[str, Table]:
        return {SIGMOID: layer_tables(self.formats.log_fraction)[SIGMOID]}

    def parameters(self) -> Parameters:
        return Rwkv5Parameters(self.model, self.formats, self.scalars())

    def layers(self) -> tuple[Section, ...]:
        items = (*self._mix_tokens(), *self.gated_channels("admit", ("wide_mix", "admit_mix")))
        return (Section(name=LAYER, items=items, repeat=self.config.num_hidden_layers),)

    def fractions(self) -> dict[str, int | None]:
        return super().fractions() | {"r": GATE_FRACTION}

    def _mix_tokens(self) -> tuple[Item, ...]:
        lose = Element(result="loss", a=HEAD_ONES, multiplier=Constant("loss_share"),
                       shift=ONE_FRACTION)
        return (
            *self.norms()[FIRST].items("x", "a"),
            self.shift("shift_tokens", "attention_before", [
                (name, f"{name}_mix") for name in HEADED]),
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn((*self.keys(), *self.passes("value", "value", lose),
                      *self.passes("receptance", "receptance"), *self.gates())),
            *self.attend(),
        )

"""Lowering of SpikeGPT: its token as a program.

It is that of an RWKV-4, but what attention and channels give drives neurons of the vector unit, and
their spikes are added to the residual stream.

Source: "SpikeGPT: Generative Pre-trained Language Model with Spiking Neural Networks" (arXiv
2302.13939).
"""

from __future__ import annotations

from sterna.families.layers.codes import Pass
from sterna.families.layers.fire import fire, neuron_constants, neuron_scalars
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.tables import ONE_FRACTION, WORD_BITS
from sterna.families.rwkv4.lowering.token import Rwkv4Lowering
from sterna.families.spikegpt.lowering.formats import Formats
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import (
    Element,
    Operation,
    Scalar,
    ScalarOperation,
)
from sterna.program.items import Item

SPIKE = "spike"
"""The scalar 1 of the residual stream, in units of ones."""


class SpikeGptLowering(Rwkv4Lowering[Formats]):
    """See `Lowering`."""

    def scalars(self) -> dict[str, ScalarConstant]:
        spike = scalar_constant(2.0**(self.formats.residual_fraction - ONE_FRACTION), WORD_BITS)
        return super().scalars() | neuron_scalars(self.formats.drive_fraction) | {SPIKE: spike}

    def items(self) -> tuple[Item, ...]:
        spike = ScalarOperation(result=SPIKE, operation="constant", operands=(SPIKE,))
        return (*neuron_constants(), spike, *super().items())

    def fractions(self) -> dict[str, int | None]:
        return super().fractions() | {"drive": self.formats.drive_fraction, "fired": ONE_FRACTION}

    def states(self) -> dict[str, int]:
        membranes = dict.fromkeys(("output_membrane", "down_membrane"),
                                  self.formats.drive_fraction)
        return super().states() | membranes

    def residual(self, name: str, norm: str, between: tuple[Operation, ...] = ()
                 ) -> tuple[Pass, ...]:
        """By neurons."""
        return self.product(name).passes(self.hidden, "drive", (
            *fire("drive", f"{name}_membrane", "fired"),
            Element(result="x", a="fired", multiplier=Scalar(SPIKE), addend="x",
                    sum=f"{norm}_mean")), between=between)


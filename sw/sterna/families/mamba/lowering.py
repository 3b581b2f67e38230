"""Lowering of Mamba: its token as a program.

Every cell of a channel has a decay of its own, which matrix states have not (a row's): cells of an
index are a state of the vector unit, and with t a time step, a a rate::

    cells = cells * exp(-t a) + t x * take,  read = read + cells * give

``take`` and ``give`` are numbers of the token for an index, sums of ``mix`` times a vector that has
one 1. What exp takes is between 0 and twice `MambaFormats.middle`, at most 8, where 3e-4 is kept.

Source: "Mamba: Linear-Time Sequence Modeling with Selective State Spaces" (arXiv 2312.00752).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sterna.families.layers.codes import in_turn
from sterna.families.layers.convolution import convolution, earlier
from sterna.families.layers.ones import ONES, add_constant, make_ones
from sterna.families.layers.rms import RmsNorm
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.shift import silu
from sterna.families.layers.tables import (
    GATE_FRACTION,
    ONE,
    ONE_FRACTION,
    SIGMOID,
    SOFTPLUS,
    WORD_BITS,
    layer_tables,
    softplus_table,
)
from sterna.families.mamba.formats import MambaFormats
from sterna.families.mamba.layout import matrix_shape
from sterna.families.mamba.parameters import PICK, RATE, MambaParameters
from sterna.families.rwkv.formats import HEAD, WORD_LIMIT
from sterna.families.rwkv.lowering import FIRST, LAYER, Lowering
from sterna.law.tables import Table, function_table
from sterna.program.definition import Parameters, ScalarConstant, VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Operation,
    Scalar,
    ScalarOperation,
    Section,
    Vector,
)
from sterna.program.items import Item

KEEP = "keep"
TAKE, GIVE, MIDDLE = "take_unit", "give_unit", "middle"
"""Scalars: what words of ``mix`` are for cells, and for what is read; `MambaFormats.middle` for
each of `ONES`."""


def cells(index: int) -> str:
    """The state of an index."""
    return f"cells{index}"


class MambaLowering(Lowering[MambaFormats]):
    """See `Lowering`."""

    sources = {"value": "a", "gate": "a", "step_down": "value", "mix": "value",
               "step_up": "step_inner", "output": "attended", HEAD: "normed"}

    def shape(self, name: str) -> tuple[int, int]:
        return matrix_shape(self.config, name)

    def norms(self) -> Mapping[str, RmsNorm]:
        formats = self.formats
        return {FIRST: RmsNorm(FIRST, self.hidden, formats.residual_fraction,
                               formats.normed_fraction, self.config.norm_eps,
                               formats.gain_fraction)}

    def scalars(self) -> dict[str, ScalarConstant]:
        formats = self.formats
        return super().scalars() | {
            name: scalar_constant(value, WORD_BITS) for name, value in {
                TAKE: 2.0 ** (formats.state_fraction - formats.entered - formats.mix_fraction),
                GIVE: 2.0 ** (formats.read_fraction - formats.state_fraction
                              - formats.mix_fraction),
                MIDDLE: WORD_LIMIT / ONE}.items()}

    def tables(self) -> dict[str, Table]:
        """Sigmoids, time steps, and what cells keep."""
        formats = self.formats
        log, middle = formats.log_fraction, formats.middle
        return {
            SIGMOID: layer_tables(log)[SIGMOID],
            SOFTPLUS: softplus_table(log, formats.speed_fraction),
            KEEP: function_table(KEEP, lambda x: np.exp(-np.maximum(x + middle, 0)), WORD_BITS,
                                 formats.forget_fraction, GATE_FRACTION)}

    def parameters(self) -> Parameters:
        return MambaParameters(self.model, self.formats, self.scalars())

    def begin(self) -> tuple[Operation, ...]:
        return ()

    def states(self) -> dict[str, int]:
        formats = self.formats
        return (dict.fromkeys(earlier("value"), formats.log_fraction)
                | {cells(index): formats.state_fraction for index in range(self.config.state_size)})

    def carried(self) -> dict[str, VectorFormat]:
        return {"x": super().carried()["x"]}

    def spare(self) -> tuple[str, ...]:
        return ("none",)

    def channels(self) -> dict[str, int | None]:
        """Vectors of all channels, and their fraction bits."""
        formats = self.formats
        log = formats.log_fraction
        return {"value": log, "gate": log, "spare": None, "step": formats.speed_fraction,
                "entered": formats.entered, "read": formats.read_fraction,
                "attended": formats.attended, ONES: ONE_FRACTION, MIDDLE: formats.forget_fraction,
                KEEP: None}

    def fractions(self) -> dict[str, int | None]:
        formats = self.formats
        return self.channels() | {"step_inner": formats.log_fraction, "mix": formats.mix_fraction}

    def lengths(self) -> dict[str, int]:
        config = self.config
        return dict.fromkeys(("none", *self.channels(), *self.states()), self.wide) | {
            "step_inner": config.step_rank, "mix": 2 * config.state_size}

    def layers(self) -> tuple[Section, ...]:
        return (Section(name=LAYER, items=(
            *(ScalarOperation(result=name, operation="constant", operands=(name,))
              for name in (TAKE, GIVE, MIDDLE)),
            *self.norms()[FIRST].items("x", "a", "a"), *self._enter(),
            *(item for index in range(self.config.state_size) for item in self._scan(index)),
            *self._leave()), repeat=self.config.num_hidden_layers),)

    def _enter(self) -> tuple[Item, ...]:
        """From the norm's result to time steps, what enters cells, and what is read of none."""
        formats = self.formats
        step = (
            add_constant("step", "step", "step_bias"),
            Lookup(result="step", a="step", table=SOFTPLUS),
            Element(result="entered", a="step", multiplier=Vector("value"),
                    shift=formats.entered_shift),
            Element(result="read", a="value", multiplier=Constant("skip"),
                    shift=formats.gain_fraction),
            Element(result=MIDDLE, a=ONES, multiplier=Scalar(MIDDLE, negative=True)))
        return in_turn((
            *self.passes("value", "value", *make_ones("value"), *convolution("value", "spare"),
                         add_constant("value", "value", "value_bias"),
                         *silu("value", "spare", "value")),
            *self.passes("gate", "gate", *silu("gate", "spare"), made=True),
            *self.passes("step_down", "step_inner", absmax="step_inner"),
            *self.passes("mix", "mix", made=True),
            *self.passes("step_up", "step", *step)))

    def _picked(self, name: str, index: int, unit: str) -> Iterator[Item]:
        """A number of ``mix`` becomes the scalar ``name``."""
        yield Kernel(name=PICK, length=2 * self.config.state_size, body=(
            Element(result=None, a="mix", multiplier=Constant(f"{PICK}{index}"),
                    shift=ONE_FRACTION, sum=f"{PICK}_sum"),))
        yield ScalarOperation(result=f"{PICK}_total", operation="sum", operands=(f"{PICK}_sum",))
        yield ScalarOperation(result=name, operation="multiply", operands=(f"{PICK}_total", unit))

    def _scan(self, index: int) -> Iterator[Item]:
        """Cells of an index."""
        state = cells(index)
        yield from self._picked("take", index, TAKE)
        yield from self._picked("give", self.config.state_size + index, GIVE)
        yield Kernel(name="scan", length=self.wide, body=(
            Element(result=KEEP, a="step", multiplier=Constant(f"{RATE}{index}"),
                    shift=self.formats.forget_shift, addend=MIDDLE),
            Lookup(result=KEEP, a=KEEP, table=KEEP),
            Element(result=state, a=state, multiplier=Vector(KEEP), shift=GATE_FRACTION),
            Element(result=state, a="entered", multiplier=Scalar("take"), addend=state),
            Element(result="read", a=state, multiplier=Scalar("give"), addend="read")))

    def _leave(self) -> tuple[Item, ...]:
        gated = Element(result="attended", a="read", multiplier=Vector("gate"),
                        shift=self.formats.attended_shift, absmax="attended")
        return (Kernel(name="leave", length=self.wide, body=(gated,)),
                *in_turn(self.residual("output", FIRST)))

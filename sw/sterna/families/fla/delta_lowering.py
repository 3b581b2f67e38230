"""Lowering of the models of delta rules: their token as a program.

For each step of a token the state is read with a key of length 1, before the first step behind
what it forgets; what the value has more, times a rate, enters it with that key. A rate is one
number a head: a sum of all rates times a vector that has one 1. The scale of queries is that of
HGRN2: the epsilon of the norm behind them has it.

Sources: those of `delta_reference`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sterna.families.fla.delta_formats import DeltaFormats
from sterna.families.fla.delta_layout import convolved, maps, step_name
from sterna.families.fla.delta_parameters import PICK, DeltaParameters
from sterna.families.fla.delta_reference import UNIT_EPSILON
from sterna.families.fla.lowering import SOURCES, FlaLowering
from sterna.families.layers.codes import Pass, in_turn
from sterna.families.layers.convolution import convolution, earlier
from sterna.families.layers.ones import ONES, add_constant, make_ones
from sterna.families.layers.rms import HeadRms
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.shift import silu
from sterna.families.layers.tables import (
    GATE_FRACTION,
    LOSS,
    ONE_FRACTION,
    SIGMOID,
    SOFTPLUS,
    WORD_BITS,
    softplus_table,
)
from sterna.families.rwkv.weights import RwkvModel
from sterna.law.tables import Table, function_table
from sterna.program.definition import Parameters, ScalarConstant
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Scalar,
    ScalarOperation,
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState

RATE, LEAVE = "rate_scale", "leave_scale"
"""Scalars: what a word of rates is; what brings words behind the norm to those behind a gate."""


class DeltaLowering(FlaLowering[DeltaFormats]):
    """See `Lowering`."""

    def __init__(self, model: RwkvModel, formats: DeltaFormats | None = None) -> None:
        super().__init__(model, formats)
        self.maps = maps(self.config)
        self.convolved = convolved(self.config)
        self.sources = dict.fromkeys(self.maps, "a") | SOURCES
        numbers, values = self.formats, self.values
        self._unit = HeadRms("unit", self.keys, numbers.log_fraction, numbers.unit_fraction,
                             UNIT_EPSILON, 1)
        self._norm = HeadRms("heads", values, numbers.read_fraction, numbers.headed_fraction,
                             self.config.norm_eps * self.config.key_size, values.size)

    def rows(self, name: str) -> tuple[int, int]:
        heads = self.config.num_heads
        found = {"rate": self.config.steps * heads, "forget": heads, "gate": self.values.length,
                 "output": self.hidden}
        columns = self.values.length if name == "output" else self.hidden
        return found.get(name, self._length(name)), columns

    def _length(self, name: str) -> int:
        """Elements of queries, keys or values."""
        return (self.values if name.startswith("value") else self.keys).length

    def own_scalars(self) -> dict[str, ScalarConstant]:
        rate = 2.0**-GATE_FRACTION * (1 + self.config.negative)
        formats = self.formats
        leave = 2.0**(formats.attended - formats.headed_fraction)
        return {RATE: scalar_constant(rate, WORD_BITS), LEAVE: scalar_constant(leave, WORD_BITS),
                **self._unit.scalars(),
                **self._norm.scalars()}

    def tables(self) -> dict[str, Table]:
        """And what states lose."""
        found, formats = super().tables(), self.formats
        if not self.config.forgets:
            return found
        return found | {
            SOFTPLUS: softplus_table(formats.log_fraction, formats.speed_fraction),
            LOSS: function_table(LOSS, lambda x: -np.expm1(-np.maximum(x, 0)), WORD_BITS,
                                 formats.forget, formats.decay_fraction)}

    def parameters(self) -> Parameters:
        return DeltaParameters(self.model, self.formats, self.scalars())

    def _before(self) -> Iterator[tuple[str, str]]:
        """What stays of earlier tokens, and of what."""
        for name in self.convolved:
            for before in earlier(name):
                yield before, name

    def states(self) -> dict[str, int]:
        return dict.fromkeys((state for state, _ in self._before()), self.formats.log_fraction)

    def keyed(self) -> dict[str, int | None]:
        found = dict.fromkeys(("keyed_spare", *self.convolved), None)
        return {name: None for name in found if not name.startswith("value")}

    def valued(self) -> dict[str, int | None]:
        log = self.formats.log_fraction
        names = (*(name for name in self.convolved if name.startswith("value")), "valued_spare",
                 "error", *(("gate",) if self.config.gated else ()))
        return super().valued() | dict.fromkeys(names, log)

    def lengths(self) -> dict[str, int]:
        heads = self.config.num_heads
        found = super().lengths() | {"rate": self.config.steps * heads}
        if self.config.forgets:
            found |= dict.fromkeys(("loss", "none", ONES), heads)
        return found | {state: self._length(name) for state, name in self._before()}

    def fractions(self) -> dict[str, int | None]:
        found = super().fractions() | {"rate": GATE_FRACTION}
        return found | {"loss": None, ONES: ONE_FRACTION} if self.config.forgets else found

    def _entering(self, name: str, first: bool) -> tuple[Pass, ...]:
        """Queries, keys or values: four tokens, each times a tap, and silu."""
        spare = "valued_spare" if name.startswith("value") else "keyed_spare"
        return self.taken(name, name, *convolution(name, spare), *silu(name, spare), first=first)

    def _map(self, name: str) -> tuple[Pass, ...]:
        formats = self.formats
        if name in self.convolved:
            return self._entering(name, name == self.maps[0])
        if name == "rate":
            return self.taken(name, name, Lookup(result=name, a=name, table=SIGMOID))
        if name == "gate":
            return self.taken(name, name, *silu(name, "valued_spare"))
        return self.taken(
            name, "loss", *make_ones("loss"), add_constant("loss", "loss", "speed_bias"),
            Lookup(result="loss", a="loss", table=SOFTPLUS),
            Element(result="loss", a="loss", multiplier=Constant("speed"),
                    shift=formats.forget_shift),
            Lookup(result="loss", a="loss", table=LOSS))

    def _step(self, step: int) -> Iterator[Item]:
        """One of the delta rule."""
        shape, key, last = self.state(), step_name("key", step), step == self.config.steps - 1
        forgets = bool(self.config.forgets) and step == 0
        yield MatrixState(state="cells", format=shape, decay="loss" if forgets else None, read=key,
                          result="error", store=forgets)
        yield Kernel(name="error", length=self.values.length, body=(
            Element(result="error", a="error", multiplier=Unit(-1),
                    addend=step_name("value", step)),))
        for head in range(self.config.num_heads):
            yield Kernel(name="pick", length=self.config.steps * self.config.num_heads, body=(
                Element(result=None, a="rate", multiplier=Constant(f"{PICK}{step}_{head}"),
                        shift=ONE_FRACTION, sum="rate_sum"),))
            yield ScalarOperation(result="rate_total", operation="sum", operands=("rate_sum",))
            yield ScalarOperation(result="rate_now", operation="multiply",
                                  operands=("rate_total", RATE))
            yield self.values.part("rate", head, Element(
                result="error", a="error", multiplier=Scalar("rate_now")))
        yield MatrixState(state="cells", format=shape, products=((key, "error"),),
                          read="query" if last else None, result="read" if last else None)

    def _leave(self) -> Iterator[Item]:
        formats, gated = self.formats, bool(self.config.gated)
        yield from self._norm.items("read")
        if not gated:
            yield ScalarOperation(result=LEAVE, operation="constant", operands=(LEAVE,))
        yield Kernel(name="leave", length=self.values.length, body=(
            Element(result="read", a="read", multiplier=Constant("headed_gain"),
                    shift=formats.gain_fraction),
            Element(result="attended", a="read",
                    multiplier=Vector("gate") if gated else Scalar(LEAVE),
                    shift=formats.attended_shift if gated else 0, absmax="attended")))

    def attention(self) -> tuple[Item, ...]:
        units = (item for name in self.convolved if not name.startswith("value")
                 for item in self._unit.items(name))
        return (
            *in_turn([part for name in self.maps for part in self._map(name)]), *units,
            ScalarOperation(result=RATE, operation="constant", operands=(RATE,)),
            *(item for step in range(self.config.steps) for item in self._step(step)),
            *self._leave(), *self.leave_attention())

"""Lowering of LightNet: its token as a program.

With L the logarithm of the sum of the exponentials of all keys k before, a state loses
``sigmoid(k - L)`` and takes as much of a value; then ``L += ln(1 + exp(k - L))``. Before the first
token there is no sum, which ``seen`` says (0, as after a reset): then it loses all, and L is k. L
grows no more where a key adds less than half of its last bit, behind 16,000 like keys. The norm of
all heads together takes away the scale of queries, but for its epsilon, which has it instead.

Source: "You Only Scan Once: Efficient Multi-dimension Sequential Modeling with LightNet" (arXiv
2405.21022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sterna.families.fla.formats import ROOM, FlaFormats
from sterna.families.fla.layout import CHANNELS, HEAD_NORM
from sterna.families.fla.lowering import SOURCES, FlaLowering
from sterna.families.fla.parameters import FlaParameters
from sterna.families.layers.codes import in_turn
from sterna.families.layers.heads import HEAD_ONES, HEAD_UNIT, make_head_ones
from sterna.families.layers.rms import RmsNorm
from sterna.families.layers.shift import silu
from sterna.families.layers.tables import (
    EDGE,
    LOSS,
    LOSS_FRACTION,
    ONE_FRACTION,
    SOFTPLUS,
    WORD_BITS,
    softplus_table,
)
from sterna.families.lightnet.layout import KEYED, LINEAR, VALUED, attention_shape
from sterna.families.lightnet.reference import OUTPUT_EPSILON
from sterna.families.rwkv.calibration import Room
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import GatedFormats
from sterna.families.rwkv.headed_parameters import Own
from sterna.law.tables import Table, function_table, sigmoid
from sterna.program.definition import Parameters, ScalarConstant
from sterna.program.instructions import (
    Element,
    Kernel,
    Lookup,
    Operation,
    Scalar,
    ScalarOperation,
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState

OUTPUT_NORM = "heads"
SUMS, SEEN = "sums", "seen"
"""Logarithms of sums of exponentials of keys; 1 where there is one."""
STEEPEST = 6
"""Bits of fraction by which losses may be finer than what their table takes."""


@dataclass(frozen=True, kw_only=True)
class Formats(GatedFormats, FlaFormats):
    """See `FlaFormats`; what states lose is at most 1."""

    names: ClassVar[tuple[str, ...]] = (*LINEAR, *CHANNELS, HEAD)
    shared: ClassVar[tuple[str, ...]] = ("query", "key", "value", "gate_down", "admit", "wide")
    results: ClassVar[Mapping[str, str]] = {"value": "value"}
    rooms: ClassVar[Mapping[str, Room]] = ROOM | {"attended": Room(1.5, 13)}
    enters: ClassVar[str] = "decay"
    reads: ClassVar[str] = "log"

    @property
    def gated_by(self) -> int:
        return self.log_fraction

    @classmethod
    def fit(cls, fractions: dict[str, int]) -> None:
        fractions["decay"] = min(LOSS_FRACTION, fractions["log"] + STEEPEST)
        super().fit(fractions)

    def source_fraction(self, name: str) -> int:
        return self.log_fraction if name == "gate_up" else super().source_fraction(name)


class LightNetParameters(FlaParameters[Formats]):
    """See `FlaParameters`."""

    linear, headed, keyed = {**LINEAR, **CHANNELS}, (*KEYED, *VALUED), (*KEYED, HEAD_UNIT)

    def own(self) -> Mapping[str, Own]:
        return {f"{OUTPUT_NORM}_gain": self.of(HEAD_NORM, self.formats.gain_fraction)}


class LightNetLowering(FlaLowering[Formats]):
    """See `Lowering`."""

    sources = {**dict.fromkeys(("query", "key", "value", "gate_down"), "a"),
               "gate_up": "gate_inner", **SOURCES}

    def rows(self, name: str) -> tuple[int, int]:
        return attention_shape(self.config, name, self.keys.length, self.values.length)

    def output_norm(self) -> RmsNorm:
        """Of all heads."""
        formats, heads = self.formats, self.values
        return RmsNorm(OUTPUT_NORM, heads.length, formats.read_fraction, formats.headed_fraction,
                       OUTPUT_EPSILON * self.keys.size, formats.gain_fraction,
                       padding=heads.length - heads.count * heads.size)

    def own_scalars(self) -> dict[str, ScalarConstant]:
        return dict(self.output_norm().scalars())

    def tables(self) -> dict[str, Table]:
        """And what states lose, and what logarithms of sums grow by."""
        log, lost = self.formats.log_fraction, self.formats.decay_fraction
        return super().tables() | {
            LOSS: function_table(LOSS, sigmoid, WORD_BITS, log, lost),
            SOFTPLUS: softplus_table(log, log)}

    def parameters(self) -> Parameters:
        return LightNetParameters(self.model, self.formats, self.scalars())

    def states(self) -> dict[str, int]:
        return {SUMS: self.formats.log_fraction, SEEN: ONE_FRACTION}

    def keyed(self) -> dict[str, int | None]:
        log = self.formats.log_fraction
        return super().keyed() | {"key": log, "unseen": ONE_FRACTION, "grown": None,
                                  HEAD_ONES: ONE_FRACTION}

    def valued(self) -> dict[str, int | None]:
        return super().valued() | {"gate": self.formats.log_fraction}

    def fractions(self) -> dict[str, int | None]:
        return super().fractions() | {"gate_inner": self.formats.log_fraction}

    def lengths(self) -> dict[str, int]:
        found = super().lengths() | {"gate_inner": self.config.gate_rank}
        return found | dict.fromkeys((SUMS, SEEN), self.keys.length)

    def _lose(self) -> tuple[Operation, ...]:
        """From keys to ``loss``, and the sums with them."""
        def chosen(result: str, a: str, factor: str) -> Element:
            return Element(result=result, a=a, multiplier=Vector(factor), shift=ONE_FRACTION)

        return (
            *make_head_ones("key"),
            Element(result="unseen", a=SEEN, multiplier=Unit(-1), addend=HEAD_ONES),
            Element(result="grown", a=SUMS, multiplier=Unit(-1), addend="key"),
            Element(result="grown", a="unseen", multiplier=Scalar(EDGE), addend="grown"),
            Lookup(result="loss", a="grown", table=LOSS),
            Lookup(result="grown", a="grown", table=SOFTPLUS),
            Element(result="grown", a="grown", multiplier=Unit(1), addend=SUMS),
            # One of the two is times 1, the other times 0.
            chosen(SUMS, "grown", SEEN), chosen("grown", "key", "unseen"),
            Element(result=SUMS, a="grown", multiplier=Unit(1), addend=SUMS),
            Element(result=SEEN, a=HEAD_ONES, multiplier=Unit(1)))

    def attention(self) -> tuple[Item, ...]:
        formats, norm, length = self.formats, self.output_norm(), self.values.length
        products = (
            *self.passes("gate_down", "gate_inner", absmax="gate_inner"),
            *self.taken("query", "query", *silu("query", "loss")),
            *self.taken("key", "key", *self._lose()), *self.taken("value", "value"),
            *self.passes("gate_up", "gate", *silu("gate", "attended")))
        return (
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn(products),
            MatrixState(state="cells", format=self.state(), decay="loss",
                        products=(("loss", "value"),), read="query", result="read"),
            Kernel(name="sum", length=length, body=(
                Element(result=None, a="read", multiplier=Unit(1), **norm.enters),)),
            *norm.items("read", "read"),
            Kernel(name="leave", length=length, body=(
                Element(result="attended", a="read", multiplier=Vector("gate"),
                        shift=formats.attended_shift, absmax="attended"),)),
            *self.leave_attention())

"""Lowering of BDH: its token as a program.

A token reads what those before it left, and not what it leaves itself: this waits until the next
token, when it enters the states in the pass that reads them, and one pass does for both. Heads have
matrices, vectors and states of their own, since each has codes of its own behind its norm.

Source: "The Dragon Hatchling: The Missing Link between the Transformer and Models of the Brain"
(arXiv 2509.26507).
"""

from __future__ import annotations

from collections.abc import Iterator

from sterna.families.bdh.formats import BdhFormats
from sterna.families.bdh.layout import ENTER, GATE, HALVES, LEAVE, Matrix, matrices
from sterna.families.bdh.parameters import BdhParameters
from sterna.families.layers.codes import Pass, in_turn
from sterna.families.layers.enters import Entered
from sterna.families.layers.norm import BareNorm
from sterna.families.layers.rotary import COSINE, Rotary, turned
from sterna.families.layers.shift import relu
from sterna.families.layers.tables import EDGE, SIGMOID, layer_tables
from sterna.families.rwkv.configuration import NORM_EPSILON
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.lowering import LAYER, Lowering
from sterna.families.rwkv.weights import RwkvModel
from sterna.law.tables import Table
from sterna.program.definition import Parameters, ScalarConstant, VectorFormat
from sterna.program.instructions import (
    Element,
    Kernel,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState

READ, SUM, LAST = "norm_read", "norm_sum", "norm_last"
"""Norms of what a head reads, of what neurons add up to, and behind the layer."""
BEFORE = "before"
"""The residual stream of the token before, at the same layer."""


def _halves(name: str) -> tuple[str, str]:
    """Vectors of the neurons of even and of odd numbers."""
    even, odd = (f"{name}_{half}" for half in HALVES)
    return even, odd


TURNED = _halves("turned")


class BdhLowering(Lowering[BdhFormats]):
    """See `Lowering`."""

    def __init__(self, model: RwkvModel, formats: BdhFormats | None = None) -> None:
        super().__init__(model, formats)
        self.heads: int = model.config.num_heads
        self.rotary = Rotary(model.config.pairs)
        self._matrices = {one.name: one for one in matrices(self.heads)}
        self.sources = {name: self._taken(one) for name, one in self._matrices.items()} | {
            HEAD: "x"}

    @staticmethod
    def _taken(one: Matrix) -> str:
        """What a matrix takes: a head has codes of its own."""
        found = {ENTER: "x", GATE: f"normed{one.head}"}
        return found.get(one.kind) or _halves(f"attended{one.head}")[one.half]

    def shape(self, name: str) -> tuple[int, int]:
        pairs = self.rotary.pairs
        leaves = self._matrices[name].kind == LEAVE
        return (self.hidden, pairs) if leaves else (pairs, self.hidden)

    def norms(self) -> dict[str, BareNorm]:
        formats = self.formats
        residual = formats.residual_fraction
        fractions = {READ: (formats.read_fraction, formats.normed_fraction),
                     SUM: (formats.sum_fraction, residual), LAST: (residual, residual)}
        return {name: BareNorm(name, self.hidden, *both, NORM_EPSILON)
                for name, both in fractions.items()}

    def scalars(self) -> dict[str, ScalarConstant]:
        return super().scalars() | self.rotary.scalars()

    def tables(self) -> dict[str, Table]:
        """Of yes and no, and cosines."""
        return {SIGMOID: layer_tables()[SIGMOID], COSINE: self.rotary.table()}

    def parameters(self) -> Parameters:
        return BdhParameters(self.model, self.formats, self.scalars())

    def entered(self) -> Entered:
        return {"absmax": "x"}

    def beside(self) -> tuple[Item, ...]:
        return self.rotary.items()

    def leave_layers(self, result: str) -> tuple[Item, ...]:
        return ()

    def states(self) -> dict[str, int]:
        key = self.formats.key_fraction
        return {BEFORE: self.formats.residual_fraction} | {
            name: key for head in range(self.heads) for name in _halves(f"key{head}")}

    def fractions(self) -> dict[str, int | None]:
        formats = self.formats
        normed = {f"normed{head}": formats.normed_fraction for head in range(self.heads)}
        return {"read": formats.read_fraction, "read_more": formats.read_fraction,
                "sum": formats.sum_fraction, **normed, **self._pairs()}

    def _pairs(self) -> dict[str, int | None]:
        """Local vectors of a head's pairs, and their fraction bits."""
        def of_heads(name: str, fraction: int) -> dict[str, int | None]:
            return {half: fraction for head in range(self.heads)
                    for half in _halves(f"{name}{head}")}

        formats = self.formats
        return {**of_heads("active", formats.key_fraction), **of_heads("attended", formats.inner),
                **dict.fromkeys(TURNED, formats.key_fraction), "gate": formats.wide_fraction,
                "spare": None}

    def lengths(self) -> dict[str, int]:
        keys = (name for name in self.states() if name != BEFORE)
        return dict.fromkeys((*self._pairs(), *keys), self.rotary.pairs)

    def spare(self) -> tuple[str, ...]:
        return "none", "centred"

    def vectors(self) -> dict[str, VectorFormat]:
        return super().vectors() | self.rotary.vectors()

    def layers(self) -> tuple[Section, ...]:
        heads = range(self.heads)
        norms = self.norms()
        enter = [one for head in heads for one in self._enter(head)]
        return (Section(name=LAYER, items=(
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn(enter),
            *(item for head in heads for item in self._head_of(head)),
            Kernel(name="keep", length=self.hidden, body=(
                Element(result=BEFORE, a="x", multiplier=Unit(1)),)),
            *norms[SUM].items("sum", "x", addend="x", enters=norms[LAST].enters),
            *norms[LAST].items("x", "x", absmax="x"),
        ), repeat=self.config.num_hidden_layers),)

    def _enter(self, head: int) -> Iterator[Pass]:
        """The neurons of a head; all of them take the same codes."""
        for half, active in enumerate(_halves(f"active{head}")):
            yield from self.passes(Matrix(ENTER, head, half).name, active, *relu(active, "spare"),
                                   made=head + half > 0)

    def _head_of(self, head: int) -> Iterator[Item]:
        """What a head reads, and what its neurons add to the sum."""
        active, keys = _halves(f"active{head}"), _halves(f"key{head}")
        state = self.formats.cells(1, self.rotary.pairs, self.hidden)
        norm = self.norms()[READ]
        yield Kernel(name=f"turn{head}", length=self.rotary.pairs,
                     body=turned(active, TURNED, "spare"))
        for cells, key, asked, read in zip(_halves(f"cells{head}"), keys, TURNED,
                                           ("read", "read_more"), strict=True):
            yield MatrixState(state=cells, format=state, products=((key, BEFORE),), read=asked,
                              result=read)
        yield Kernel(name=f"keys{head}", length=self.rotary.pairs, body=tuple(
            Element(result=key, a=now, multiplier=Unit(1))
            for key, now in zip(keys, TURNED, strict=True)))
        yield Kernel(name=f"read{head}", length=self.hidden, body=(Element(
            result="read", a="read_more", multiplier=Unit(1), addend="read", **norm.enters),))
        yield from norm.items("read", f"normed{head}", f"normed{head}")
        yield from in_turn((*self._gated(head), *self._leave(head)))

    def _gated(self, head: int) -> Iterator[Pass]:
        """Neurons times what a head read makes of them."""
        both = zip(_halves(f"active{head}"), _halves(f"attended{head}"), strict=True)
        for half, (active, attended) in enumerate(both):
            yield from self.passes(
                Matrix(GATE, head, half).name, "gate", *relu("gate", "spare"),
                Element(result=attended, a="gate", multiplier=Vector(active),
                        shift=self.formats.inner_shift, absmax=attended), made=half > 0)

    def _leave(self, head: int) -> Iterator[Pass]:
        """What the neurons of a head add up to."""
        last = len(HALVES) - 1
        for half in range(len(HALVES)):
            ends = head == self.heads - 1 and half == last
            yield from self.product(Matrix(LEAVE, head, half).name).passes(
                self.hidden, "sum", addend="sum" if head + half else None,
                enters=self.norms()[SUM].enters if ends else None)

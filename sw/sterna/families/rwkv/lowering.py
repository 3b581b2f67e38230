"""What the programs of all versions have: their embedding and head, two norms a layer, products."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from sterna.families.layers.codes import Codes, Pass, Product, in_turn
from sterna.families.layers.enters import Entered, Enters
from sterna.families.layers.norm import LayerNorm
from sterna.families.layers.ones import ONES, make_ones
from sterna.families.layers.shift import squared_relu, token_shift
from sterna.families.layers.tables import GATE_FRACTION, ONE_FRACTION, SIGMOID, WORD_BITS
from sterna.families.rwkv.formats import HEAD, SQUARE_SHIFT, Formats
from sterna.families.rwkv.weights import RwkvModel
from sterna.law.tables import Table
from sterna.program.definition import (
    MatrixFormat,
    Parameters,
    Program,
    ScalarConstant,
    VectorFormat,
)
from sterna.program.instructions import (
    Element,
    Kernel,
    Lookup,
    Matmul,
    Operation,
    ScalarOperation,
    Section,
    TopK,
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.validate import validate_program

EMBED, LAYER = "embed", "layer"
FIRST, SECOND = "norm1", "norm2"
"""Norms of a layer; the first is the head's, too, behind the last layer."""
F = TypeVar("F", bound=Formats)


class Norm(Protocol):
    """Of the residual stream."""

    @property
    def enters(self) -> Enters:
        """The reduction that its words enter."""
        ...

    def items(self, a: str, result: str, absmax: str | None = None) -> tuple[Item, ...]:
        """The norm of a vector, whose words enter a reduction where one is named."""
        ...

    def scalars(self) -> Mapping[str, ScalarConstant]:
        """Its scalar constants."""
        ...


class Lowering(ABC, Generic[F]):
    """The parts of the program of one model, in its own formats unless others are given.

    ``sources`` are what the codes of each matrix are made of, by its name in the program, those of
    the head as ``HEAD``. Raises `InputError` for formats that cannot be used.
    """

    sources: Mapping[str, str]

    def __init__(self, model: RwkvModel, formats: F | None = None) -> None:
        self.model, self.config = model, model.config
        self.formats: F = (formats if formats is not None
                           else model.version.formats(model.formats))  # type: ignore[assignment]
        self.hidden: int = model.config.hidden_size
        self.wide: int = model.config.intermediate_size

    @abstractmethod
    def shape(self, name: str) -> tuple[int, int]:
        """Rows and columns of a matrix of a layer."""

    @abstractmethod
    def layers(self) -> tuple[Section, ...]:
        """Their sections."""

    @abstractmethod
    def fractions(self) -> dict[str, int | None]:
        """Local vectors whose words have a meaning, and fraction bits of those that say them."""

    @abstractmethod
    def tables(self) -> dict[str, Table]:
        """By name."""

    @abstractmethod
    def parameters(self) -> Parameters:
        """The numbers."""

    def program(self, name: str = "") -> Program:
        """The whole, validated."""
        formats, rows = self.formats, self.config.vocab_size
        matrices = {place: MatrixFormat(*self.shape(place[1]), formats.planes[place[1]])
                    for place in self.places()}
        title = f"{self.model.version.title} {self.hidden}x{self.config.num_hidden_layers}"
        program = Program(
            name=name or title, word_bits=WORD_BITS, input_length=self.hidden, rows=rows,
            sections=(self._embed(), *self.layers(), self._head()), vectors=self.vectors(),
            matrices=matrices | {(HEAD, HEAD): MatrixFormat(rows, self.hidden,
                                                            formats.planes[HEAD])},
            tables=self.tables(), parameters=self.parameters())
        validate_program(program)
        return program

    def places(self) -> Iterator[tuple[str, str]]:
        """Section and name of every matrix of the layers."""
        return ((LAYER, name) for name in self.sources if name != HEAD)

    def norms(self) -> Mapping[str, Norm]:
        """By name."""
        formats = self.formats
        return {name: LayerNorm(name, self.hidden, formats.residual_fraction,
                                formats.normed_fraction, gain_fraction=formats.gain_fraction)
                for name in (FIRST, SECOND)}

    def scalars(self) -> dict[str, ScalarConstant]:
        """Of the norms."""
        return {name: value for norm in self.norms().values()
                for name, value in norm.scalars().items()}

    def lengths(self) -> dict[str, int]:
        """Of local vectors that are not as long as the residual stream."""
        return dict.fromkeys(("wide", "square"), self.wide)

    def states(self) -> dict[str, int]:
        """Vectors that stay, and their fraction bits: what entered attention and channels."""
        return dict.fromkeys(("attention_before", "channels_before"),
                             self.formats.normed_fraction)

    def carried(self) -> dict[str, VectorFormat]:
        """What goes from layer to layer."""
        return {name: VectorFormat(length=self.hidden, fraction=fraction, lifetime="carried")
                for name, fraction in (("x", self.formats.residual_fraction),
                                       (ONES, ONE_FRACTION))}

    def spare(self) -> tuple[str, ...]:
        """Local vectors, as long as the residual stream unless `lengths` says another length."""
        return "wide", "change", "none", "centred"

    def vectors(self) -> dict[str, VectorFormat]:
        """By name."""
        formats, lengths = self.formats, self.lengths()
        for name in self.sources:
            codes = self.codes(name)
            lengths |= dict.fromkeys(codes.vectors, codes.length)
            if name != HEAD:
                lengths |= dict.fromkeys(self.product(name).vectors, self.shape(name)[0])
        fractions = self.fractions() | {"a": formats.normed_fraction}
        local = (*fractions, *self.spare(), *self.sources.values(), *lengths)
        vectors = {name: VectorFormat(length=lengths.get(name, self.hidden),
                                      fraction=fractions.get(name)) for name in local}
        for name, fraction in self.states().items():
            vectors[name] = VectorFormat(length=lengths.get(name, self.hidden), fraction=fraction,
                                         lifetime="state")
        return vectors | self.carried()

    def codes(self, name: str) -> Codes:
        """What a matrix takes."""
        columns = self.hidden if name == HEAD else self.shape(name)[1]
        return Codes(self.sources[name], columns, self.formats.digits[name])

    def product(self, name: str) -> Product:
        """With a matrix."""
        return Product(name, self.codes(name), self.formats.shift(name))

    def passes(self, name: str, result: str, *body: Operation, absmax: str | None = None,
               made: bool = False) -> tuple[Pass, ...]:
        """Those of a product of a layer."""
        return self.product(name).passes(self.shape(name)[0], result, body, absmax=absmax,
                                         made=made)

    def residual(self, name: str, norm: str, between: tuple[Operation, ...] = ()
                 ) -> tuple[Pass, ...]:
        """What a matrix adds to the residual stream, whose words enter a norm;
        ``between`` as of `Product.passes`."""
        return self.product(name).passes(
            self.hidden, "x", addend="x", between=between, enters=self.norms()[norm].enters)

    def leave_attention(self) -> tuple[Item, ...]:
        """What attention adds to the residual stream."""
        return in_turn(self.residual("output", SECOND))

    def leave_layers(self, result: str) -> tuple[Item, ...]:
        """What the head takes: the residual stream behind its norm."""
        return self.norms()[FIRST].items("x", result, absmax=result)

    def shift(self, name: str, before: str, mixes: Iterable[tuple[str, str]]) -> Kernel:
        """Two tokens mixed into what a matrix takes, by a constant vector each."""
        return Kernel(name=name, length=self.hidden, body=token_shift(
            "a", before, [(self.sources[matrix], share, self.sources[matrix])
                          for matrix, share in mixes], "change"))

    def gated_channels(self, admit: str, shares: tuple[str, str]) -> tuple[Item, ...]:
        """Channel mixing behind the sigmoid of a matrix ``admit``; ``shares`` of the present token
        are what the inner channels and that matrix take."""
        square = self.sources["down"]
        gated = Element(result="down_scaled", a="down_scaled", multiplier=Vector("r"),
                        shift=GATE_FRACTION)
        return (
            *self.norms()[SECOND].items("x", "a"),
            self.shift("shift_channels", "channels_before",
                       zip(("wide", admit), shares, strict=True)),
            *in_turn((
                *self.passes("wide", "wide", *squared_relu(square, "wide", SQUARE_SHIFT, square)),
                *self.passes(admit, "r", Lookup(result="r", a="r", table=SIGMOID)),
                *self.residual("down", FIRST, (gated,)))),
        )

    def _embed(self) -> Section:
        return Section(name=EMBED, items=(Kernel(name=EMBED, length=self.hidden, body=(
            Element(result="x", a="input", multiplier=Unit(1), **self.entered()),
            *self.begin())), *self.beside()))

    def entered(self) -> Entered:
        """What embedding rows enter."""
        return Entered(**self.norms()[FIRST].enters)

    def beside(self) -> tuple[Item, ...]:
        """What a token does before its layers, beside what is made of its embedding row."""
        return ()

    def begin(self) -> tuple[Operation, ...]:
        """What else is made behind the embedding row."""
        return make_ones("x")

    def _head(self) -> Section:
        """The best of the logits."""
        codes = self.codes(HEAD)
        matmul = Matmul(result="logits", codes=f"{codes.name}_codes", matrix=HEAD,
                        shift=self.formats.shift(HEAD))
        return Section(name=HEAD, items=(
            *self.leave_layers(codes.name),
            *codes.digit_items()[0],
            ScalarOperation(result="head_unit", operation="constant", operands=("head_unit",)),
            ScalarOperation(result="head_scale", operation="multiply",
                            operands=("head_unit", f"{codes.name}_max")),
            TopK(matmul=matmul, rows=self.config.vocab_size, scale="head_scale",
                 gain="head_rows", shift=16)))

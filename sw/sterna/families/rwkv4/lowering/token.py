"""Lowering of RWKV-4: its token as a program.

The sums that a norm needs enter where the residual stream is made. Attention is computed while the
receptance's products come, which need the engine longer; the codes of the squared channels are made
while the gate's matrix is at work. The norm of the embedding is in its rows.

Source: "RWKV: Reinventing RNNs for the Transformer Era" (arXiv 2305.13048), with attention in the
form of `sterna.families.layers.wkv`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sterna.families.layers.codes import Codes, Product, in_turn
from sterna.families.layers.norm import LayerNorm
from sterna.families.layers.ones import ONES, make_ones
from sterna.families.layers.shift import squared_relu, token_shift
from sterna.families.layers.tables import (
    EDGE,
    GATE_FRACTION,
    ONE_FRACTION,
    SIGMOID,
    layer_tables,
)
from sterna.families.layers.wkv import Wkv
from sterna.families.rwkv.formats import HEAD, SQUARE_SHIFT
from sterna.families.rwkv.lowering import FIRST, LAYER, SECOND, head_items, norms_of
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.layout import MATRICES, matrix_shape
from sterna.families.rwkv4.lowering.formats import Formats
from sterna.families.rwkv4.lowering.parameters import Rwkv4Parameters
from sterna.program.definition import MatrixFormat, Program, ScalarConstant, VectorFormat
from sterna.program.instructions import (
    Element,
    Item,
    Kernel,
    Lookup,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.validate import validate_program

WORDS = 18
SOURCES = {"key": "for_key", "value": "for_value", "receptance": "for_receptance",
           "output": "attended", "wide": "for_wide", "gate": "for_gate", "down": "square",
           HEAD: "normed"}
"""What the codes of a matrix are made of."""


def lower(model: RwkvModel, formats: Formats | None = None, name: str = "") -> Program:
    """Lower a model, in its own formats unless others are given; the program is validated.

    Raises `InputError` for formats that cannot be used.
    """
    if formats is None:
        formats = Formats() if model.formats is None else Formats.from_json(model.formats)
    config = model.config
    hidden, rows = config.hidden_size, config.vocab_size
    lowering = _Lowering(model, formats)
    matrices = {(LAYER, matrix): MatrixFormat(*matrix_shape(config, matrix), formats.planes[matrix])
                for matrix in MATRICES}
    program = Program(
        name=name or f"RWKV-4 {hidden}x{config.num_hidden_layers}", word_bits=WORDS,
        input_length=hidden, rows=rows, sections=lowering.sections(), vectors=lowering.vectors(),
        matrices=matrices | {(HEAD, HEAD): MatrixFormat(rows, hidden, formats.planes[HEAD])},
        tables=layer_tables(formats.log_fraction),
        parameters=Rwkv4Parameters(model, formats, lowering.scalars()))
    validate_program(program)
    return program


class _Lowering:
    """The parts of the program of one model."""

    def __init__(self, model: RwkvModel, formats: Formats) -> None:
        self._config, self._formats = model.config, formats
        self._hidden: int = model.config.hidden_size
        self._wide: int = model.config.intermediate_size
        self._attention = Wkv("wkv", self._hidden, formats.value_fraction, formats.log_fraction)

    def norms(self) -> dict[str, LayerNorm]:
        """By name."""
        return norms_of(self._hidden, self._formats)

    def scalars(self) -> dict[str, ScalarConstant]:
        """Of the norms."""
        return {name: value for norm in self.norms().values()
                for name, value in norm.scalars().items()}

    def sections(self) -> tuple[Section, ...]:
        embed = Kernel(name="embed", length=self._hidden, body=(
            Element(result="x", a="input", multiplier=Unit(1), sum=f"{FIRST}_mean"),
            *make_ones("x")))
        return (Section(name="embed", items=(embed,)),
                Section(name=LAYER, items=(*self._mix_tokens(), *self._mix_channels()),
                        repeat=self._config.num_hidden_layers),
                Section(name=HEAD, items=self._head()))

    def vectors(self) -> dict[str, VectorFormat]:
        formats, hidden = self._formats, self._hidden
        lengths: dict[str, int] = dict.fromkeys(("wide", "square"), self._wide)
        for name in MATRICES:
            codes, length = self._codes(name), matrix_shape(self._config, name)
            lengths |= dict.fromkeys(codes.vectors, length[1])
            lengths |= dict.fromkeys(self._product(name).vectors, length[0])
        fractions: dict[str, int | None] = {
            "k": formats.log_fraction, "r": GATE_FRACTION, "v": formats.value_fraction,
            "a": formats.normed_fraction, "wide": formats.wide_fraction}
        local = (*fractions, "change", "none", "centred", *SOURCES.values(), *lengths)
        vectors = {name: VectorFormat(length=lengths.get(name, hidden),
                                      fraction=fractions.get(name)) for name in local}
        for name in ("attention_before", "channels_before"):
            vectors[name] = VectorFormat(
                length=hidden, fraction=formats.normed_fraction, lifetime="state")
        for name, fraction in (("x", formats.residual_fraction), (ONES, ONE_FRACTION)):
            vectors[name] = VectorFormat(length=hidden, fraction=fraction, lifetime="carried")
        return vectors | self._attention.vectors()

    def _codes(self, name: str) -> Codes:
        length = self._wide if name == "down" else self._hidden
        return Codes(SOURCES[name], length, self._formats.digits[name])

    def _product(self, name: str) -> Product:
        return Product(name, self._codes(name), self._formats.shift(name))

    def _shift(self, name: str, before: str, matrices: Iterable[str]) -> Kernel:
        mixes = [(SOURCES[matrix], f"{matrix}_mix", SOURCES[matrix]) for matrix in matrices]
        return Kernel(name=name, length=self._hidden, body=token_shift(
            "a", before, mixes, "change"))

    def _mix_tokens(self) -> tuple[Item, ...]:
        hidden = self._hidden
        attended = SOURCES["output"]
        attend = (
            Lookup(result="r", a="r", table=SIGMOID),
            *self._attention.body("k", "v", attended),
            Element(result=attended, a=attended, multiplier=Vector("r"), shift=GATE_FRACTION,
                    absmax=attended))
        return (
            *self.norms()[FIRST].items("x", "a"),
            self._shift("shift_tokens", "attention_before", ("key", "value", "receptance")),
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn((
                *self._product("key").passes(hidden, "k"),
                *self._product("value").passes(hidden, "v"),
                *self._product("receptance").passes(hidden, "r", attend))),
            *in_turn(self._product("output").passes(
                hidden, "x", addend="x", sum=f"{SECOND}_mean")),
        )

    def _mix_channels(self) -> tuple[Item, ...]:
        hidden, square = self._hidden, SOURCES["down"]
        gated = Element(result="down_scaled", a="down_scaled", multiplier=Vector("r"),
                        shift=GATE_FRACTION)
        return (
            *self.norms()[SECOND].items("x", "a"),
            self._shift("shift_channels", "channels_before", ("wide", "gate")),
            *in_turn((
                *self._product("wide").passes(self._wide, "wide", squared_relu(
                    square, "wide", SQUARE_SHIFT, square)),
                *self._product("gate").passes(hidden, "r", (
                    Lookup(result="r", a="r", table=SIGMOID),)),
                *self._product("down").passes(
                    hidden, "x", addend="x", between=(gated,), sum=f"{FIRST}_mean"))),
        )

    def _head(self) -> tuple[Item, ...]:
        return head_items(self.norms()[FIRST], self._codes(HEAD), self._formats.shift(HEAD),
                          self._config.vocab_size)

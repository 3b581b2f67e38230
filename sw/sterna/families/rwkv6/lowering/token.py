"""Lowering of RWKV-6: its token as a program.

Tokens are mixed by shares that a low-rank map adds to constant ones, a map for each matrix that
takes the mixture; a further one gives what the states lose. Heads lie side by side with padding
(`layers.heads`). The bonus of the present token is a pass over the state that reads and stores
nothing; a second one decays it and adds the token. Codes of a matrix are made while the one before
is at work.

Source: "Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence" (arXiv 2404.05892).
"""

from __future__ import annotations

from sterna.families.layers.codes import Codes, Pass, Product, in_turn
from sterna.families.layers.heads import HEAD_ONES, HeadNorm, add_head_constant, make_head_ones
from sterna.families.layers.norm import LayerNorm
from sterna.families.layers.ones import ONES, add_constant, make_ones
from sterna.families.layers.shift import half_tanh, squared_relu, token_shift
from sterna.families.layers.tables import (
    EDGE,
    GATE_FRACTION,
    LOSS,
    ONE_FRACTION,
    SIGMOID,
    layer_tables,
    loss_table,
)
from sterna.families.rwkv.formats import HEAD, SQUARE_SHIFT
from sterna.families.rwkv.headed import HEAD_EPSILON
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.lowering import FIRST, LAYER, SECOND, head_items, norms_of
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv6.layout import LOW_RANK, MATRICES, MIXED, matrix_shape
from sterna.families.rwkv6.lowering.formats import Formats
from sterna.families.rwkv6.lowering.parameters import Rwkv6Parameters
from sterna.law.tables import Table
from sterna.program.definition import MatrixFormat, Program, ScalarConstant, VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Operation,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState
from sterna.program.validate import validate_program

WORDS = 18
TAKEN = {"w": "for_decay", "k": "for_key", "v": "for_value", "r": "for_receptance",
         "g": "for_gate"}
"""What two tokens are mixed into, by what it is for."""
SOURCES = {
    **{f"mix_{letter}_down": "entered" for letter in MIXED},
    **{f"{pair}_up": f"{pair}_inner" for pair in LOW_RANK},
    "decay_down": TAKEN["w"], "key": TAKEN["k"], "value": TAKEN["v"], "receptance": TAKEN["r"],
    "gate": TAKEN["g"], "output": "attended", "wide": "for_wide", "admit": "for_admit",
    "down": "square", HEAD: "normed"}
"""What the codes of a matrix are made of."""
_HEADED = ("receptance", "key", "value", "gate", "loss", "present", "read", "attended", HEAD_ONES)
"""Vectors of all heads."""


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
        name=name or f"RWKV-6 {hidden}x{config.num_hidden_layers}", word_bits=WORDS,
        input_length=hidden, rows=rows, sections=lowering.sections(), vectors=lowering.vectors(),
        matrices=matrices | {(HEAD, HEAD): MatrixFormat(rows, hidden, formats.planes[HEAD])},
        tables=lowering.tables(), parameters=Rwkv6Parameters(model, formats, lowering.scalars()))
    validate_program(program)
    return program


class _Lowering:
    """The parts of the program of one model."""

    def __init__(self, model: RwkvModel, formats: Formats) -> None:
        self._config, self._formats, self._heads = model.config, formats, model.config.heads
        self._hidden: int = model.config.hidden_size
        self._wide: int = model.config.intermediate_size

    def norms(self) -> dict[str, LayerNorm]:
        """By name."""
        return norms_of(self._hidden, self._formats)

    def head_norm(self) -> HeadNorm:
        """Of what is read of the states."""
        formats = self._formats
        return HeadNorm("heads", self._heads, formats.read_fraction, formats.headed_fraction,
                        HEAD_EPSILON)

    def scalars(self) -> dict[str, ScalarConstant]:
        """Of the norms."""
        return {name: value for norm in (*self.norms().values(), self.head_norm())
                for name, value in norm.scalars().items()}

    def tables(self) -> dict[str, Table]:
        """Sigmoids, and what states lose."""
        return {SIGMOID: layer_tables(self._formats.log_fraction)[SIGMOID], LOSS: loss_table()}

    def sections(self) -> tuple[Section, ...]:
        embed = Kernel(name="embed", length=self._hidden, body=(
            Element(result="x", a="input", multiplier=Unit(1), sum=f"{FIRST}_mean"),
            *make_ones("x")))
        return (Section(name="embed", items=(embed,)),
                Section(name=LAYER, items=(*self._mix_tokens(), *self._mix_channels()),
                        repeat=self._config.num_hidden_layers),
                Section(name=HEAD, items=self._head()))

    def vectors(self) -> dict[str, VectorFormat]:
        formats, config = self._formats, self._config
        lengths: dict[str, int] = {name: self._heads.length for name in _HEADED}
        lengths |= dict.fromkeys(("wide", "square"), self._wide)
        for pair in LOW_RANK:
            rank: int = config.decay_rank if pair == "decay" else config.mix_rank
            lengths |= dict.fromkeys((f"{pair}_inner", f"{pair}_log", f"{pair}_half"), rank)
        for name in (*MATRICES, HEAD):
            codes = self._codes(name)
            lengths |= dict.fromkeys(codes.vectors, codes.length)
            if name != HEAD:
                lengths |= dict.fromkeys(self._product(name).vectors,
                                         matrix_shape(config, name)[0])
        fractions: dict[str, int | None] = {
            "receptance": formats.receptance_fraction, "key": formats.key_fraction,
            "value": formats.value_fraction, "gate": formats.log_fraction,
            "present": formats.key_fraction, "read": formats.read_fraction,
            "attended": formats.attended, "a": formats.normed_fraction,
            "wide": formats.wide_fraction, "r": GATE_FRACTION, "share": SHARE_FRACTION}
        local = (*fractions, "change", "none", "centred", *SOURCES.values(), *lengths)
        vectors = {name: VectorFormat(length=lengths.get(name, self._hidden),
                                      fraction=fractions.get(name)) for name in local}
        for name in ("attention_before", "channels_before"):
            vectors[name] = VectorFormat(
                length=self._hidden, fraction=formats.normed_fraction, lifetime="state")
        for name, fraction in (("x", formats.residual_fraction), (ONES, ONE_FRACTION)):
            vectors[name] = VectorFormat(
                length=self._hidden, fraction=fraction, lifetime="carried")
        return vectors

    def _codes(self, name: str) -> Codes:
        columns = self._hidden if name == HEAD else matrix_shape(self._config, name)[1]
        return Codes(SOURCES[name], columns, self._formats.digits[name])

    def _product(self, name: str) -> Product:
        return Product(name, self._codes(name), self._formats.shift(name))

    def _passes(self, name: str, result: str, *body: Operation, made: bool = False
                ) -> tuple[Pass, ...]:
        return self._product(name).passes(
            matrix_shape(self._config, name)[0], result, body, made=made)

    def _enter(self) -> Kernel:
        """The change to the token before, and what low-rank maps take."""
        before = "attention_before"
        return Kernel(name="shift_tokens", length=self._hidden, body=(
            Element(result="change", a="a", multiplier=Unit(-1), addend=before),
            Element(result=before, a="a", multiplier=Unit(1)),
            self._share("share", "change", Constant("x_share")),
            Element(result="entered", a="share", multiplier=Unit(1), addend="a",
                    absmax="entered")))

    def _share(self, result: str, a: str, share: Constant | Vector) -> Element:
        return Element(result=result, a=a, multiplier=share, shift=SHARE_FRACTION)

    def _low_rank(self, pair: str, made: bool = False) -> tuple[Pass, ...]:
        """Half the tanh of what the first map gives."""
        inner, log = f"{pair}_inner", f"{pair}_log"
        return self._passes(f"{pair}_down", log, *half_tanh(
            inner, log, f"{pair}_half", absmax=inner), made=made)

    def _mixed(self, letter: str) -> tuple[Pass, ...]:
        """Two tokens mixed by shares of the second map and constant ones."""
        result = TAKEN[letter]
        return (
            *self._passes(f"mix_{letter}_up", "share"),
            Pass((), Kernel(name=f"mix_{letter}", length=self._hidden, body=(
                add_constant("share", "share", f"{letter}_share"),
                self._share("share", "share", Vector("change")),
                Element(result=result, a="share", multiplier=Unit(1), addend="a",
                        absmax=result)))))

    def _mix_tokens(self) -> tuple[Item, ...]:
        formats, passes = self._formats, self._passes
        products = (
            *(item for index, letter in enumerate(MIXED)
              for item in self._low_rank(f"mix_{letter}", made=index > 0)),
            *(item for letter in MIXED for item in self._mixed(letter)),
            *self._low_rank("decay"),
            *passes("key", "key", *make_head_ones("key"), Element(
                result="present", a="key", multiplier=Constant("bonus"), shift=SHARE_FRACTION)),
            *passes("value", "value"),
            *passes("receptance", "receptance"),
            *passes("gate", "gate", Lookup(result="attended", a="gate", table=SIGMOID), Element(
                result="gate", a="gate", multiplier=Vector("attended"), shift=GATE_FRACTION)),
            *passes("decay_up", "loss", add_head_constant("loss", "loss", "decay"),
                    Lookup(result="loss", a="loss", table=LOSS)))
        leave = Kernel(name="leave", length=self._heads.length, body=(
            Element(result="read", a="read", multiplier=Constant("headed_gain"),
                    shift=formats.gain_fraction),
            add_head_constant("read", "read", "headed_bias"),
            Element(result="attended", a="read", multiplier=Vector("gate"),
                    shift=formats.attended_shift, absmax="attended")))
        return (
            *self.norms()[FIRST].items("x", "a"), self._enter(),
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn(products), *self._attend(), *self.head_norm().items("read"), leave,
            *in_turn(self._product("output").passes(
                self._hidden, "x", addend="x", sum=f"{SECOND}_mean")),
        )

    def _attend(self) -> tuple[MatrixState, ...]:
        """Read the states and the present token; then it enters them."""
        shape = self._formats.state(self._heads)
        return (
            MatrixState(state="cells", format=shape, products=(("present", "value"),),
                        read="receptance", result="read", store=False),
            MatrixState(state="cells", format=shape, decay="loss",
                        products=(("key", "value"),)))

    def _mix_channels(self) -> tuple[Item, ...]:
        square = SOURCES["down"]
        mixes = [(SOURCES[matrix], f"{letter}_present", SOURCES[matrix])
                 for matrix, letter in (("wide", "k"), ("admit", "r"))]
        shift = Kernel(name="shift_channels", length=self._hidden, body=token_shift(
            "a", "channels_before", mixes, "change"))
        gated = Element(result="down_scaled", a="down_scaled", multiplier=Vector("r"),
                        shift=GATE_FRACTION)
        return (
            *self.norms()[SECOND].items("x", "a"), shift,
            *in_turn((
                *self._passes("wide", "wide", *squared_relu(
                    square, "wide", SQUARE_SHIFT, square)),
                *self._passes("admit", "r", Lookup(result="r", a="r", table=SIGMOID)),
                *self._product("down").passes(
                    self._hidden, "x", addend="x", between=(gated,), sum=f"{FIRST}_mean"))),
        )

    def _head(self) -> tuple[Item, ...]:
        return head_items(self.norms()[FIRST], self._codes(HEAD), self._formats.shift(HEAD),
                          self._config.vocab_size)

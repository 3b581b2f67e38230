"""Lowering of RWKV-7: its token as a program.

A head's state [keys, values] is read in the direction of a key of length 1; what it has there is
removed, times a learning rate, while it decays and the token enters: two passes. Heads lie side by
side with padding (`layers.heads`); lengths, norms and bonuses of each go through the scalar unit.
The first layer, whose values later ones take a share of, is a section of its own.

Source: "RWKV-7 'Goose' with Expressive Dynamic State Evolution" (arXiv 2503.14456).
"""

from __future__ import annotations

from dataclasses import replace

from sterna.families.layers.codes import Codes, Pass, Product, in_turn
from sterna.families.layers.heads import (
    HEAD_ONES,
    HeadNorm,
    HeadSum,
    HeadUnit,
    add_head_constant,
    make_head_ones,
)
from sterna.families.layers.norm import LayerNorm
from sterna.families.layers.ones import ONES, make_ones
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.shift import half_tanh, mix, squared_relu, token_shift
from sterna.families.layers.tables import (
    EDGE,
    GATE_FRACTION,
    LOSS,
    ONE_FRACTION,
    SIGMOID,
    WORD_BITS,
    layer_tables,
    slow_loss_table,
)
from sterna.families.rwkv.formats import HEAD, SQUARE_SHIFT
from sterna.families.rwkv.headed import HEAD_EPSILON
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.lowering import FIRST, LAYER, SECOND, head_items, norms_of
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv7.layout import FASTEST, LOW_RANK, MATRICES, matrix_shape, rank
from sterna.families.rwkv7.lowering.formats import Formats
from sterna.families.rwkv7.lowering.parameters import Rwkv7Parameters
from sterna.law.tables import Table
from sterna.program.definition import MatrixFormat, Program, ScalarConstant, VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    Operation,
    Scalar,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState
from sterna.program.validate import validate_program

WORDS = 18
EARLIEST = "earliest"
"""The first layer's values, carried."""
FIRST_LAYER = "first_layer"
TAKEN = {"r": "for_receptance", "w": "for_decay", "k": "for_key", "v": "for_value",
         "a": "for_rate", "g": "for_gate"}
"""What two tokens are mixed into, by what it is for."""
SOURCES = {
    **{f"{pair}_down": TAKEN[letter] for pair, letter in LOW_RANK.items()},
    **{f"{pair}_up": f"{pair}_inner" for pair in LOW_RANK},
    "key": TAKEN["k"], "value": TAKEN["v"], "receptance": TAKEN["r"], "output": "attended",
    "wide": "for_wide", "down": "square", HEAD: "normed"}
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
    matrices = {(section, matrix): MatrixFormat(*matrix_shape(config, matrix),
                                                formats.planes[matrix])
                for section in lowering.layers for matrix in MATRICES
                if section == LAYER or not matrix.startswith("first_")}
    program = Program(
        name=name or f"RWKV-7 {hidden}x{config.num_hidden_layers}", word_bits=WORDS,
        input_length=hidden, rows=rows, sections=lowering.sections(), vectors=lowering.vectors(),
        matrices=matrices | {(HEAD, HEAD): MatrixFormat(rows, hidden, formats.planes[HEAD])},
        tables=lowering.tables(), parameters=Rwkv7Parameters(model, formats, lowering.scalars()))
    validate_program(program)
    return program


class _Lowering:
    """The parts of the program of one model."""

    def __init__(self, model: RwkvModel, formats: Formats) -> None:
        self._config, self._formats, self._heads = model.config, formats, model.config.heads
        self._hidden: int = model.config.hidden_size
        self._wide: int = model.config.intermediate_size
        layers = model.config.num_hidden_layers
        self.layers = {FIRST_LAYER: 1, **({LAYER: layers - 1} if layers > 1 else {})}
        self._unit = HeadUnit("direction", self._heads, formats.unit_fraction)
        self._agreement = HeadSum("agreement", self._heads, 2.0**(
            formats.headed_fraction - formats.value_fraction - formats.agreed))

    def norms(self) -> dict[str, LayerNorm]:
        """By name."""
        return norms_of(self._hidden, self._formats)

    def head_norm(self) -> HeadNorm:
        """Of what is read of the states."""
        formats = self._formats
        return HeadNorm("heads", self._heads, formats.read_fraction, formats.headed_fraction,
                        HEAD_EPSILON)

    def scalars(self) -> dict[str, ScalarConstant]:
        """Of norms; by what a direction's fraction bits become those that it is removed with."""
        formats = self._formats
        removal = 2.0**(formats.rate_fraction - formats.unit_fraction)
        found = {"removal": scalar_constant(removal, WORD_BITS)}
        for part in (*self.norms().values(), self.head_norm(), self._unit, self._agreement):
            found |= part.scalars()
        return found

    def tables(self) -> dict[str, Table]:
        """Sigmoids, and what states lose."""
        fraction = self._formats.log_fraction
        return {SIGMOID: layer_tables(fraction)[SIGMOID], LOSS: slow_loss_table(-FASTEST, fraction)}

    def sections(self) -> tuple[Section, ...]:
        embed = Kernel(name="embed", length=self._hidden, body=(
            Element(result="x", a="input", multiplier=Unit(1), sum=f"{FIRST}_mean"),
            *make_ones("x")))
        head = head_items(self.norms()[FIRST], self._codes(HEAD), self._formats.shift(HEAD),
                          self._config.vocab_size)
        return (Section(name="embed", items=(embed,)), *(
            Section(name=name, items=(*self._mix_tokens(name), *self._mix_channels(name)),
                    repeat=repeat) for name, repeat in self.layers.items()),
                Section(name=HEAD, items=head))

    def vectors(self) -> dict[str, VectorFormat]:
        formats, config = self._formats, self._config
        headed: dict[str, int | None] = {
            "receptance": formats.receptance_fraction, "key": formats.key_fraction,
            "value": formats.value_fraction, "loss": None, "rate": GATE_FRACTION,
            "gate": formats.gate_fraction, "share": None, "direction": None, "change_of_key": None,
            "gone": formats.rate_fraction, "old": formats.removed, "agreed": formats.agreed,
            "read": formats.read_fraction, "attended": formats.attended, HEAD_ONES: ONE_FRACTION}
        lengths: dict[str, int] = {name: self._heads.length for name in headed}
        lengths |= dict.fromkeys(("wide", "square"), self._wide)
        for pair in LOW_RANK:
            lengths |= dict.fromkeys((f"{pair}_inner", f"{pair}_log", f"{pair}_half"),
                                     rank(config, pair))
        for name in (*MATRICES, HEAD):
            codes = self._codes(name)
            lengths |= dict.fromkeys(codes.vectors, codes.length)
            if name != HEAD:
                lengths |= dict.fromkeys(self._product(name).vectors,
                                         matrix_shape(config, name)[0])
        fractions = headed | {"a": formats.normed_fraction, "wide": formats.wide_fraction}
        local = (*fractions, "change", "none", "centred", *SOURCES.values(), *lengths)
        vectors = {name: VectorFormat(length=lengths.get(name, self._hidden),
                                      fraction=fractions.get(name)) for name in local}
        for section in self.layers:
            for name in ("attention_before", "channels_before"):
                vectors[f"{section}_{name}"] = VectorFormat(
                    length=self._hidden, fraction=formats.normed_fraction, lifetime="state")
        for name, fraction in (("x", formats.residual_fraction), (ONES, ONE_FRACTION)):
            vectors[name] = VectorFormat(
                length=self._hidden, fraction=fraction, lifetime="carried")
        if LAYER in self.layers:
            vectors[EARLIEST] = VectorFormat(length=self._heads.length,
                                             fraction=formats.value_fraction, lifetime="carried")
        return vectors

    def _codes(self, name: str) -> Codes:
        columns = self._hidden if name == HEAD else matrix_shape(self._config, name)[1]
        return Codes(SOURCES[name], columns, self._formats.digits[name])

    def _product(self, name: str) -> Product:
        return Product(name, self._codes(name), self._formats.shift(name))

    def _passes(self, name: str, result: str, *body: Operation, absmax: str | None = None
                ) -> tuple[Pass, ...]:
        return self._product(name).passes(
            matrix_shape(self._config, name)[0], result, body, absmax=absmax,
            made=name == "first_down")  # the values' codes

    def _mixed(self, letters: str) -> Pass:
        """Two tokens mixed for each."""
        return Pass((), Kernel(name=f"mix_{letters}", length=self._hidden, body=tuple(
            mix(TAKEN[letter], f"{letter}_share", "change", "a", TAKEN[letter])
            for letter in letters)))

    def _gate(self) -> tuple[Pass, ...]:
        """Of what a low-rank map makes of sigmoids."""
        inner = "gate_inner"
        return (
            *self._passes("gate_down", inner, Lookup(result=inner, a=inner, table=SIGMOID),
                          Element(result=inner, a=inner, multiplier=Constant("gate_one"),
                                  shift=GATE_FRACTION, absmax=inner)),
            *self._passes("gate_up", "gate"))

    def _decay(self) -> tuple[Pass, ...]:
        """What the states lose."""
        return (
            *self._passes("decay_down", "decay_log", *half_tanh(
                "decay_inner", "decay_log", "decay_half", absmax="decay_inner")),
            *self._passes("decay_up", "loss", add_head_constant("loss", "loss", "decay_bias"),
                          Lookup(result="loss", a="loss", table=LOSS)))

    def _sigmoid(self, pair: str, result: str) -> tuple[Pass, ...]:
        """The sigmoid of a bias and what a low-rank map gives."""
        inner = f"{pair}_inner"
        return (*self._passes(f"{pair}_down", inner, absmax=inner),
                *self._passes(f"{pair}_up", result,
                              add_head_constant(result, result, f"{pair}_bias"),
                              Lookup(result=result, a=result, table=SIGMOID)))

    def _mix_tokens(self, section: str) -> tuple[Item, ...]:
        before, passes = f"{section}_attention_before", self._passes
        enter = Kernel(name="shift_tokens", length=self._hidden, body=(
            Element(result="change", a="a", multiplier=Unit(-1), addend=before),
            Element(result=before, a="a", multiplier=Unit(1)),
            *(mix(TAKEN[letter], f"{letter}_share", "change", "a", TAKEN[letter])
              for letter in "rw")))
        # Codes are made while the product ahead is at work: nothing follows what makes its vector.
        rate_down, rate_up = self._sigmoid("rate", "rate")
        gate_down, gate_up = self._gate()
        decay_down, decay_up = self._decay()
        values, (first_down, first_up) = self._values(section)
        products = (
            *passes("receptance", "receptance", *make_head_ones("receptance")), self._mixed("kv"),
            decay_down, *passes("key", "key"), decay_up, self._mixed("ag"), *values, *first_down,
            rate_down, *first_up, gate_down, rate_up, gate_up)
        return (
            *self.norms()[FIRST].items("x", "a"), enter,
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn(products), *self._attend(section), *self._leave(),
            *in_turn(self._product("output").passes(
                self._hidden, "x", addend="x", sum=f"{SECOND}_mean")),
        )

    def _values(self, section: str) -> tuple[tuple[Pass, ...], tuple[tuple[Pass, ...], ...]]:
        """Of the first layer as they are; of others with a share of those, by two maps."""
        keep = Element(result=EARLIEST, a="value", multiplier=Unit(1))
        if section == FIRST_LAYER:
            body = (keep,) if LAYER in self.layers else ()
            return self._passes("value", "value", *body), ((), ())
        down, up = self._sigmoid("first", "share")
        body = (Element(result="old", a="value", multiplier=Unit(-1), addend=EARLIEST),
                Element(result="old", a="old", multiplier=Vector("share"), shift=GATE_FRACTION),
                Element(result="value", a="old", multiplier=Unit(1), addend="value"))
        mixed = up._replace(kernel=replace(up.kernel, body=(*up.kernel.body, *body)))
        return self._passes("value", "value"), ((down,), (mixed,))

    def _attend(self, section: str) -> tuple[Item, ...]:
        """What a state has in a direction is removed, and the token enters it."""
        formats, length = self._formats, self._heads.length
        shape = formats.state(self._heads)
        keys = Kernel(name="keys", length=length, body=(
            Element(result="direction", a="key", multiplier=Constant("key_gain"),
                    shift=SHARE_FRACTION),
            Element(result="change_of_key", a="rate", multiplier=Constant("key_share"),
                    shift=GATE_FRACTION),
            add_head_constant("change_of_key", "change_of_key", "key_rest"),
            Element(result="key", a="key", multiplier=Vector("change_of_key"),
                    shift=SHARE_FRACTION),
            Element(result="agreed", a="receptance", multiplier=Vector("key"),
                    shift=formats.agreed_shift),
            Element(result="agreed", a="agreed", multiplier=Constant("agreement"),
                    shift=SHARE_FRACTION)))
        gone = Kernel(name="gone", length=length, body=(
            Element(result="gone", a="direction", multiplier=Scalar("removal", True)),
            Element(result="gone", a="gone", multiplier=Vector("rate"), shift=GATE_FRACTION)))
        state = f"{section}_cells"
        return (
            keys, *self._unit.items("direction"),
            ScalarOperation(result="removal", operation="constant", operands=("removal",)), gone,
            MatrixState(state=state, format=shape, read="direction", result="old", store=False),
            MatrixState(state=state, format=shape, decay="loss",
                        products=(("gone", "old"), ("key", "value")), read="receptance",
                        result="read"))

    def _leave(self) -> tuple[Item, ...]:
        """Heads are normed, and get what of the present token agrees with its receptance."""
        formats, length = self._formats, self._heads.length
        return (
            *self.head_norm().items("read"),
            Kernel(name="gain_heads", length=length, body=(
                Element(result="read", a="read", multiplier=Constant("headed_gain"),
                        shift=formats.gain_fraction),
                add_head_constant("read", "read", "headed_bias"))),
            *self._agreement.items("read", "value", "agreed"),
            Kernel(name="leave", length=length, body=(
                Element(result="attended", a="read", multiplier=Vector("gate"),
                        shift=formats.attended_shift, absmax="attended"),)))

    def _mix_channels(self, section: str) -> tuple[Item, ...]:
        square, wide = SOURCES["down"], SOURCES["wide"]
        shift = Kernel(name="shift_channels", length=self._hidden, body=token_shift(
            "a", f"{section}_channels_before", [(wide, "wide_present", wide)], "change"))
        return (
            *self.norms()[SECOND].items("x", "a"), shift,
            *in_turn(self._passes("wide", "wide", *squared_relu(
                square, "wide", SQUARE_SHIFT, square))),
            *in_turn(self._product("down").passes(
                self._hidden, "x", addend="x", sum=f"{FIRST}_mean")),
        )

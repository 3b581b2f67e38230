"""Lowering of RWKV-7: its token as a program.

A head's state [keys, values] is read in the direction of a key of length 1; what it has there is
removed, times a learning rate, while it decays and the token enters: two passes. Heads lie side by
side with padding (`layers.heads`); lengths, norms and bonuses of each go through the scalar unit.
The first layer, whose values later ones take a share of, is a section of its own.

Source: "RWKV-7 'Goose' with Expressive Dynamic State Evolution" (arXiv 2503.14456).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sterna.families.layers.codes import Pass, in_turn
from sterna.families.layers.heads import (
    HeadSum,
    HeadUnit,
    add_head_constant,
    make_head_ones,
)
from sterna.families.layers.scalars import scalar_constant
from sterna.families.layers.shift import half_tanh, mix, squared_relu
from sterna.families.layers.tables import (
    EDGE,
    GATE_FRACTION,
    LOSS,
    SIGMOID,
    WORD_BITS,
    layer_tables,
    slow_loss_table,
)
from sterna.families.rwkv.formats import HEAD, SQUARE_SHIFT
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.headed_lowering import HeadedLowering
from sterna.families.rwkv.lowering import FIRST, LAYER, SECOND
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv7.layout import FASTEST, LOW_RANK, MATRICES, matrix_shape, rank
from sterna.families.rwkv7.lowering.formats import Formats
from sterna.families.rwkv7.lowering.parameters import Rwkv7Parameters
from sterna.law.tables import Table
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
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState

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


class Rwkv7Lowering(HeadedLowering[Formats]):
    """See `Lowering`."""

    sources = SOURCES

    def __init__(self, model: RwkvModel, formats: Formats | None = None) -> None:
        super().__init__(model, formats)
        layers, numbers = self.config.num_hidden_layers, self.formats
        self._sections = {FIRST_LAYER: 1, **({LAYER: layers - 1} if layers > 1 else {})}
        self._unit = HeadUnit("direction", self.heads, numbers.unit_fraction)
        self._agreement = HeadSum("agreement", self.heads, 2.0**(
            numbers.headed_fraction - numbers.value_fraction - numbers.agreed))

    def shape(self, name: str) -> tuple[int, int]:
        return matrix_shape(self.config, name)

    def places(self) -> Iterator[tuple[str, str]]:
        return ((section, name) for section in self._sections for name in MATRICES
                if section == LAYER or not name.startswith("first_"))

    def scalars(self) -> dict[str, ScalarConstant]:
        """Of norms; by what a direction's fraction bits become those that it is removed with."""
        removal = 2.0**(self.formats.rate_fraction - self.formats.unit_fraction)
        return (super().scalars() | {"removal": scalar_constant(removal, WORD_BITS)}
                | dict(self._unit.scalars()) | dict(self._agreement.scalars()))

    def tables(self) -> dict[str, Table]:
        """Sigmoids, and what states lose."""
        fraction = self.formats.log_fraction
        return {SIGMOID: layer_tables(fraction)[SIGMOID], LOSS: slow_loss_table(-FASTEST, fraction)}

    def parameters(self) -> Parameters:
        return Rwkv7Parameters(self.model, self.formats, self.scalars())

    def layers(self) -> tuple[Section, ...]:
        return tuple(Section(name=name, items=(*self._mix_tokens(name), *self._mix_channels(name)),
                             repeat=repeat) for name, repeat in self._sections.items())

    def headed(self) -> dict[str, int | None]:
        formats = self.formats
        return super().headed() | {
            "rate": GATE_FRACTION, "gate": formats.gate_fraction, "share": None, "direction": None,
            "change_of_key": None, "gone": formats.rate_fraction, "old": formats.removed,
            "agreed": formats.agreed}

    def ranks(self) -> dict[str, int]:
        return {pair: rank(self.config, pair) for pair in LOW_RANK}

    def states(self) -> dict[str, int]:
        usual = super().states().items()
        return {f"{section}_{name}": fraction for section in self._sections
                for name, fraction in usual}

    def carried(self) -> dict[str, VectorFormat]:
        found = super().carried()
        if LAYER in self._sections:
            found[EARLIEST] = VectorFormat(
                length=self.heads.length, fraction=self.formats.value_fraction, lifetime="carried")
        return found

    def passes(self, name: str, result: str, *body: Operation, absmax: str | None = None,
               made: bool = False) -> tuple[Pass, ...]:
        made = made or name == "first_down"  # the values' codes
        return super().passes(name, result, *body, absmax=absmax, made=made)

    def _mixed(self, letters: str) -> Pass:
        """Two tokens mixed for each."""
        return Pass((), Kernel(name=f"mix_{letters}", length=self.hidden, body=tuple(
            mix(TAKEN[letter], f"{letter}_share", "change", "a", TAKEN[letter])
            for letter in letters)))

    def _gate(self) -> tuple[Pass, ...]:
        """Of what a low-rank map makes of sigmoids."""
        inner = "gate_inner"
        return (
            *self.passes("gate_down", inner, Lookup(result=inner, a=inner, table=SIGMOID),
                          Element(result=inner, a=inner, multiplier=Constant("gate_one"),
                                  shift=GATE_FRACTION, absmax=inner)),
            *self.passes("gate_up", "gate"))

    def _decay(self) -> tuple[Pass, ...]:
        """What the states lose."""
        return (
            *self.passes("decay_down", "decay_log", *half_tanh(
                "decay_inner", "decay_log", "decay_half", absmax="decay_inner")),
            *self.passes("decay_up", "loss", add_head_constant("loss", "loss", "decay_bias"),
                          Lookup(result="loss", a="loss", table=LOSS)))

    def _sigmoid(self, pair: str, result: str) -> tuple[Pass, ...]:
        """The sigmoid of a bias and what a low-rank map gives."""
        inner = f"{pair}_inner"
        return (*self.passes(f"{pair}_down", inner, absmax=inner),
                *self.passes(f"{pair}_up", result,
                              add_head_constant(result, result, f"{pair}_bias"),
                              Lookup(result=result, a=result, table=SIGMOID)))

    def _mix_tokens(self, section: str) -> tuple[Item, ...]:
        before, passes = f"{section}_attention_before", self.passes
        enter = Kernel(name="shift_tokens", length=self.hidden, body=(
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
            *in_turn(products), *self._attend(section), *self._leave(), *self.leave_attention(),
        )

    def _values(self, section: str) -> tuple[tuple[Pass, ...], tuple[tuple[Pass, ...], ...]]:
        """Of the first layer as they are; of others with a share of those, by two maps."""
        keep = Element(result=EARLIEST, a="value", multiplier=Unit(1))
        if section == FIRST_LAYER:
            body = (keep,) if LAYER in self._sections else ()
            return self.passes("value", "value", *body), ((), ())
        down, up = self._sigmoid("first", "share")
        body = (Element(result="old", a="value", multiplier=Unit(-1), addend=EARLIEST),
                Element(result="old", a="old", multiplier=Vector("share"), shift=GATE_FRACTION),
                Element(result="value", a="old", multiplier=Unit(1), addend="value"))
        mixed = up._replace(kernel=replace(up.kernel, body=(*up.kernel.body, *body)))
        return self.passes("value", "value"), ((down,), (mixed,))

    def _attend(self, section: str) -> tuple[Item, ...]:
        """What a state has in a direction is removed, and the token enters it."""
        formats, length = self.formats, self.heads.length
        shape = formats.state(self.heads, self.heads)
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
        length = self.heads.length
        return (
            *self.head_norm().items("read"),
            Kernel(name="gain_heads", length=length, body=self.gains()),
            *self._agreement.items("read", "value", "agreed"),
            Kernel(name="leave", length=length, body=(self.gated(),)))

    def _mix_channels(self, section: str) -> tuple[Item, ...]:
        square = SOURCES["down"]
        return (
            *self.norms()[SECOND].items("x", "a"),
            self.shift("shift_channels", f"{section}_channels_before", [("wide", "wide_present")]),
            *in_turn(self.passes("wide", "wide", *squared_relu(
                square, "wide", SQUARE_SHIFT, square))),
            *in_turn(self.residual("down", FIRST)),
        )

"""Lowering of RWKV-6: its token as a program.

Tokens are mixed by shares that a low-rank map adds to constant ones, a map for each matrix that
takes the mixture; a further one gives what the states lose. Codes of a matrix are made while the
one before is at work.

Source: "Eagle and Finch: RWKV with Matrix-Valued States and Dynamic Recurrence" (arXiv 2404.05892).
"""

from __future__ import annotations

from sterna.families.layers.codes import Pass, in_turn
from sterna.families.layers.heads import add_head_constant
from sterna.families.layers.ones import add_constant
from sterna.families.layers.shift import half_tanh
from sterna.families.layers.tables import (
    EDGE,
    GATE_FRACTION,
    LOSS,
    SIGMOID,
    layer_tables,
    loss_table,
)
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_formats import SHARE_FRACTION
from sterna.families.rwkv.headed_lowering import BonusLowering
from sterna.families.rwkv.lowering import FIRST, LAYER
from sterna.families.rwkv6.layout import LOW_RANK, MIXED, matrix_shape, rank
from sterna.families.rwkv6.lowering.formats import Formats
from sterna.families.rwkv6.lowering.parameters import Rwkv6Parameters
from sterna.law.tables import Table
from sterna.program.definition import Parameters
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Lookup,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.items import Item

TAKEN = {"w": "for_decay", "k": "for_key", "v": "for_value", "r": "for_receptance",
         "g": "for_gate"}
"""What two tokens are mixed into, by what it is for."""
SOURCES = {
    **{f"mix_{letter}_down": "entered" for letter in MIXED},
    **{f"{pair}_up": f"{pair}_inner" for pair in LOW_RANK},
    "decay_down": TAKEN["w"], "key": TAKEN["k"], "value": TAKEN["v"], "receptance": TAKEN["r"],
    "gate": TAKEN["g"], "output": "attended", "wide": "for_wide", "admit": "for_admit",
    "down": "square", HEAD: "normed"}


class Rwkv6Lowering(BonusLowering[Formats]):
    """See `Lowering`."""

    sources = SOURCES

    def shape(self, name: str) -> tuple[int, int]:
        return matrix_shape(self.config, name)

    def tables(self) -> dict[str, Table]:
        """Sigmoids, and what states lose."""
        return {SIGMOID: layer_tables(self.formats.log_fraction)[SIGMOID], LOSS: loss_table()}

    def parameters(self) -> Parameters:
        return Rwkv6Parameters(self.model, self.formats, self.scalars())

    def layers(self) -> tuple[Section, ...]:
        items = (*self._mix_tokens(), *self.gated_channels("admit", ("k_present", "r_present")))
        return (Section(name=LAYER, items=items, repeat=self.config.num_hidden_layers),)

    def fractions(self) -> dict[str, int | None]:
        return super().fractions() | {"r": GATE_FRACTION, "share": SHARE_FRACTION}

    def ranks(self) -> dict[str, int]:
        return {pair: rank(self.config, pair) for pair in LOW_RANK}

    def _enter(self) -> Kernel:
        """The change to the token before, and what low-rank maps take."""
        before = "attention_before"
        return Kernel(name="shift_tokens", length=self.hidden, body=(
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
        return self.passes(f"{pair}_down", log, *half_tanh(
            inner, log, f"{pair}_half", absmax=inner), made=made)

    def _mixed(self, letter: str) -> tuple[Pass, ...]:
        """Two tokens mixed by shares of the second map and constant ones."""
        result = TAKEN[letter]
        return (
            *self.passes(f"mix_{letter}_up", "share"),
            Pass((), Kernel(name=f"mix_{letter}", length=self.hidden, body=(
                add_constant("share", "share", f"{letter}_share"),
                self._share("share", "share", Vector("change")),
                Element(result=result, a="share", multiplier=Unit(1), addend="a",
                        absmax=result)))))

    def _mix_tokens(self) -> tuple[Item, ...]:
        passes = self.passes
        products = (
            *(item for index, letter in enumerate(MIXED)
              for item in self._low_rank(f"mix_{letter}", made=index > 0)),
            *(item for letter in MIXED for item in self._mixed(letter)),
            *self._low_rank("decay"), *self.keys(), *passes("value", "value"),
            *passes("receptance", "receptance"), *self.gates(),
            *passes("decay_up", "loss", add_head_constant("loss", "loss", "decay"),
                    Lookup(result="loss", a="loss", table=LOSS)))
        return (
            *self.norms()[FIRST].items("x", "a"), self._enter(),
            ScalarOperation(result=EDGE, operation="constant", operands=(EDGE,)),
            *in_turn(products), *self.attend(),
        )

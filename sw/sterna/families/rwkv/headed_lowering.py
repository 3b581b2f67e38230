"""What the programs of versions have whose states are matrices.

Heads lie side by side with padding (`layers.heads`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sterna.families.layers.codes import Pass
from sterna.families.layers.heads import (
    HEAD_ONES,
    HeadNorm,
    Heads,
    add_head_constant,
    make_head_ones,
)
from sterna.families.layers.shift import silu
from sterna.families.layers.tables import ONE_FRACTION
from sterna.families.rwkv.headed import HEAD_EPSILON
from sterna.families.rwkv.headed_formats import SHARE_FRACTION, HeadedFormats
from sterna.families.rwkv.lowering import Lowering
from sterna.families.rwkv.weights import RwkvModel
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Operation,
    Vector,
)
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState

H = TypeVar("H", bound=HeadedFormats)


class HeadedLowering(Lowering[H]):
    """See `Lowering`."""

    def __init__(self, model: RwkvModel, formats: H | None = None) -> None:
        super().__init__(model, formats)
        self.heads: Heads = model.config.heads

    def head_norm(self) -> HeadNorm:
        """Of what is read of the states."""
        formats = self.formats
        return HeadNorm("heads", self.heads, formats.read_fraction, formats.headed_fraction,
                        HEAD_EPSILON)

    def scalars(self) -> dict[str, ScalarConstant]:
        return super().scalars() | dict(self.head_norm().scalars())

    def headed(self) -> dict[str, int | None]:
        """Vectors of all heads, and their fraction bits."""
        formats = self.formats
        return {"receptance": formats.receptance_fraction, "key": formats.key_fraction,
                "value": formats.value_fraction, "loss": None, "read": formats.read_fraction,
                "attended": formats.attended, HEAD_ONES: ONE_FRACTION}

    def fractions(self) -> dict[str, int | None]:
        return self.headed() | {"wide": self.formats.wide_fraction}

    def ranks(self) -> dict[str, int]:
        """Of pairs of maps of low rank, by name."""
        return {}

    def lengths(self) -> dict[str, int]:
        found = dict.fromkeys(self.headed(), self.heads.length) | super().lengths()
        for pair, rank in self.ranks().items():
            found |= dict.fromkeys((f"{pair}_inner", f"{pair}_log", f"{pair}_half"), rank)
        return found

    def gains(self) -> tuple[Operation, ...]:
        """Of what is read, behind its norm."""
        return (Element(result="read", a="read", multiplier=Constant("headed_gain"),
                        shift=self.formats.gain_fraction),
                add_head_constant("read", "read", "headed_bias"))

    def gated(self) -> Element:
        """What leaves attention."""
        return Element(result="attended", a="read", multiplier=Vector("gate"),
                       shift=self.formats.attended_shift, absmax="attended")


class BonusLowering(HeadedLowering[H]):
    """Versions 5 and 6: the present token counts by a bonus of its own.

    It is a pass over the state that reads and stores nothing; a second one decays it, by the vector
    ``loss``, and adds the token.
    """

    def headed(self) -> dict[str, int | None]:
        return super().headed() | {"gate": self.formats.log_fraction,
                                   "present": self.formats.key_fraction}

    def keys(self) -> tuple[Pass, ...]:
        """And what of them counts now."""
        return self.passes("key", "key", *make_head_ones("key"), Element(
            result="present", a="key", multiplier=Constant("bonus"), shift=SHARE_FRACTION))

    def gates(self) -> tuple[Pass, ...]:
        """By silu."""
        return self.passes("gate", "gate", *silu("gate", "attended"))

    def attend(self) -> Iterable[Item]:
        """From keys, values and receptances to what leaves attention."""
        shape = self.formats.state(self.heads, self.heads)
        return (
            MatrixState(state="cells", format=shape, products=(("present", "value"),),
                        read="receptance", result="read", store=False),
            MatrixState(state="cells", format=shape, decay="loss", products=(("key", "value"),)),
            *self.head_norm().items("read"),
            Kernel(name="leave", length=self.heads.length, body=(*self.gains(), self.gated())),
            *self.leave_attention(),
        )

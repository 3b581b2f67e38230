"""Lowering of HGRN2: its token as a program.

A state takes of a value as much as it loses: both are the same vector. The norm of all heads
together takes away the scale of queries, but for its epsilon, which has it instead.

Source: "HGRN2: Gated Linear RNNs with State Expansion" (arXiv 2404.07904).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from sterna.families.fla.formats import ROOM, FlaFormats
from sterna.families.fla.layout import CHANNELS, HEAD_NORM
from sterna.families.fla.lowering import SOURCES, FlaLowering
from sterna.families.fla.parameters import FlaParameters
from sterna.families.hgrn2.layout import BOUNDS, LINEAR
from sterna.families.hgrn2.reference import OUTPUT_EPSILON, bounds
from sterna.families.layers.codes import in_turn
from sterna.families.layers.rms import RmsNorm
from sterna.families.layers.shift import silu
from sterna.families.layers.tables import LOSS, LOSS_FRACTION, WORD_BITS
from sterna.families.rwkv.calibration import Room
from sterna.families.rwkv.formats import HEAD
from sterna.families.rwkv.headed_parameters import Own
from sterna.law.tables import Table, function_table, sigmoid
from sterna.program.definition import Parameters, ScalarConstant
from sterna.program.instructions import Constant, Element, Kernel, Lookup, Unit
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState

SHARE_FRACTION = 16
"""Of what is not kept in any case."""
OUTPUT_NORM = "heads"


@dataclass(frozen=True, kw_only=True)
class Formats(FlaFormats):
    """See `FlaFormats`; what states lose is at most 1."""

    names: ClassVar[tuple[str, ...]] = (*LINEAR, *CHANNELS, HEAD)
    shared: ClassVar[tuple[str, ...]] = ("query", "forget", "value", "admit", "wide")
    results: ClassVar[Mapping[str, str]] = {"value": "value"}
    rooms: ClassVar[Mapping[str, Room]] = ROOM | {"decay": Room(1.0, LOSS_FRACTION)}
    enters: ClassVar[str] = "decay"
    reads: ClassVar[str] = "log"

    @property
    def attended(self) -> int:
        return self.headed_fraction


class Hgrn2Parameters(FlaParameters[Formats]):
    """See `FlaParameters`."""

    linear, headed, keyed = {**LINEAR, **CHANNELS}, ("query", "forget", "value"), ()

    def own(self) -> Mapping[str, Own]:
        return {"share": self._share,
                f"{OUTPUT_NORM}_gain": self.of(HEAD_NORM, self.formats.gain_fraction)}

    def _share(self, layer: int) -> tuple[NDArray[np.floating], int]:
        learned = torch.from_numpy(self.model.tensor(BOUNDS).astype(np.float64))
        return 1 - bounds(learned)[layer].numpy(), SHARE_FRACTION


class Hgrn2Lowering(FlaLowering[Formats]):
    """See `Lowering`."""

    sources = {**dict.fromkeys(("query", "forget", "value"), "a"), **SOURCES}

    def rows(self, name: str) -> tuple[int, int]:
        return (self.hidden, self.values.length) if name == "output" else (
            self.values.length, self.hidden)

    def output_norm(self) -> RmsNorm:
        """Of all heads."""
        formats, heads = self.formats, self.values
        return RmsNorm(OUTPUT_NORM, heads.length, formats.read_fraction, formats.headed_fraction,
                       OUTPUT_EPSILON * heads.size, formats.gain_fraction,
                       padding=heads.length - self.hidden)

    def own_scalars(self) -> dict[str, ScalarConstant]:
        return dict(self.output_norm().scalars())

    def tables(self) -> dict[str, Table]:
        """And what states lose where nothing is kept in any case."""
        formats = self.formats
        return super().tables() | {LOSS: function_table(
            LOSS, lambda x: sigmoid(-x), WORD_BITS, formats.log_fraction, formats.decay_fraction)}

    def parameters(self) -> Parameters:
        return Hgrn2Parameters(self.model, self.formats, self.scalars())

    def attention(self) -> tuple[Item, ...]:
        norm = self.output_norm()
        products = (
            *self.taken("forget", "loss", Lookup(result="loss", a="loss", table=LOSS), Element(
                result="loss", a="loss", multiplier=Constant("share"), shift=SHARE_FRACTION),
                first=True),
            *self.taken("query", "query", *silu("query", "read")), *self.taken("value", "value"))
        return (
            *in_turn(products),
            MatrixState(state="cells", format=self.state(), decay="loss",
                        products=(("loss", "value"),), read="query", result="read"),
            Kernel(name="leave", length=self.values.length, body=(
                Element(result=None, a="read", multiplier=Unit(1), **norm.enters),)),
            *norm.items("read", "attended", "attended"), *self.leave_attention())

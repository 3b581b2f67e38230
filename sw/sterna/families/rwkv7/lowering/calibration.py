"""Choosing formats for an RWKV-7."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sterna.families.rwkv.calibration import Calibration, Room, choose
from sterna.families.rwkv.headed_formats import HEADED_ROOM
from sterna.families.rwkv.ranges import Ranges, block_of, observe, watch_headed
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv7.layout import LINEAR
from sterna.families.rwkv7.lowering.formats import Formats, fit
from sterna.families.rwkv7.reference import Layer

ROOM = HEADED_ROOM | {"removed": Room(2.5, 16), "agreed": Room(1.5, 13), "gate": Room(1.5, 13)}
KINDS = {"receptance": "receptance", "value": "value", "wide": "wide"}
"""Of what matrices give."""


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration[Formats]:
    """Formats that suit a text. Raises `InputError` as `observe` does."""
    def layer(index: int, ranges: Ranges) -> Layer:
        block = block_of(model, index, lambda: Layer(model.config, index == 0, embedded=False),
                         LINEAR, KINDS, ranges)
        watch_headed(block, ranges)
        return block

    return choose(Formats, observe(model, tokens, layer, progress), ROOM, fit)

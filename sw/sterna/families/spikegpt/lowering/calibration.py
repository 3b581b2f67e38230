"""Choosing formats for a SpikeGPT from what its float reference computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sterna.families.layers.fire import MOST_FRACTION
from sterna.families.rwkv.calibration import Calibration, Room, choose
from sterna.families.rwkv.ranges import Ranges, observe
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv4.lowering.calibration import ROOM as ROOM_OF_RWKV4
from sterna.families.rwkv4.lowering.calibration import watched
from sterna.families.spikegpt.lowering.formats import Formats
from sterna.families.spikegpt.reference import Layer

ROOM = ROOM_OF_RWKV4 | {"drive": Room(2.5, MOST_FRACTION)}
"""A membrane is added to what drives it."""


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration[Formats]:
    """Formats that suit a text. Raises `InputError` as `observe` does."""
    def layer(index: int, ranges: Ranges) -> Layer:
        block = watched(model, index, Layer, ranges)
        for neurons in (block.lif1, block.lif2):
            neurons.register_forward_pre_hook(
                lambda module, inputs: ranges.see("drive", inputs[0]))
        return block

    return choose(Formats, observe(model, tokens, layer, progress), ROOM)

"""Choosing formats for an RWKV-5."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sterna.families.rwkv.calibration import Calibration, choose
from sterna.families.rwkv.headed_formats import BONUS_KINDS, HEADED_ROOM, within_reach
from sterna.families.rwkv.ranges import Ranges, block_of, observe, watch_headed
from sterna.families.rwkv.weights import RwkvModel
from sterna.families.rwkv5.layout import MATRICES
from sterna.families.rwkv5.lowering.formats import Formats
from sterna.families.rwkv5.reference import Layer


def calibrate(model: RwkvModel, tokens: Sequence[int],
              progress: Callable[[int, int], None] | None = None) -> Calibration[Formats]:
    """Formats that suit a text. Raises `InputError` as `observe` does."""
    def layer(index: int, ranges: Ranges) -> Layer:
        block = block_of(model, index, lambda: Layer(model.config, False), MATRICES, BONUS_KINDS,
                         ranges)
        watch_headed(block, ranges)
        return block

    return choose(Formats, observe(model, tokens, layer, progress), HEADED_ROOM, within_reach)

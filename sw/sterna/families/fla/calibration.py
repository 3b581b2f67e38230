"""Choosing formats for models of flash-linear-attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sterna.families.fla.formats import FlaFormats
from sterna.families.fla.layout import CHANNELS
from sterna.families.fla.reference import Layer
from sterna.families.rwkv.calibration import Calibration, choose
from sterna.families.rwkv.ranges import Ranges, block_of, observe
from sterna.families.rwkv.weights import RwkvModel

L = TypeVar("L", bound=FlaFormats)


def calibrate(kind: type[L], model: RwkvModel, tokens: Sequence[int],
              make: Callable[[int], Layer], linear: Mapping[str, str],
              progress: Callable[[int, int], None] | None = None) -> Calibration[L]:
    """Formats that suit a text. ``make`` gives a layer of an index with any weights, ``linear`` are
    the maps of its attention by their names in the program. Raises `InputError` as `observe` does.
    """
    names = {**linear, **CHANNELS}
    kinds = {"admit": "log", "wide": "wide"} | {name: kind.results.get(name, "log")
                                                for name in linear if name != "output"}

    def layer(index: int, ranges: Ranges) -> Layer:
        block = block_of(model, index, lambda: make(index), names, kinds, ranges)
        block.att.watch = block.ffn.watch = ranges
        return block

    ranges = observe(model, tokens, layer, progress)
    rooms = {name: room for name, room in kind.rooms.items() if name in ranges.largest}
    return choose(kind, ranges, rooms, kind.fit)

"""``image.sterna``: the memory image of the model, as the driver loads it."""

from __future__ import annotations

from pathlib import Path

from sterna_boards.handover.core import Core, Written

NAME = "image.sterna"


def write(core: Core, folder: Path) -> Written:
    """The image; nothing without a model."""
    if core.image is None:
        return Written()
    core.image.save(folder / NAME)
    return Written(
        {NAME: "memory image of the model, as sterna.machine.image reads it"},
        {"memories": {name: {"words": used, "depth": depth, "word_bits": bits}
                      for name, used, depth, bits in core.image.memories()}})

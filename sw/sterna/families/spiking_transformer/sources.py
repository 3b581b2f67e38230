"""Whether a file is a checkpoint, by the name of a tensor."""

from __future__ import annotations

from pathlib import Path

from sterna.families.spiking_transformer.names import PTH
from sterna.formats.pth import MOST_PICKLE


def is_checkpoint(source: str, stem: str) -> bool:
    """Whether the list of tensors, at the beginning of the file, has the name of the
    first; also of a file that
    is refused later."""
    path = Path(source)
    if not source.endswith(PTH) or not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return stem.encode() in file.read(MOST_PICKLE)
    except OSError:
        return False

"""What is a checkpoint of an RWKV-4, by its name and its config.json."""

from __future__ import annotations

import struct
from pathlib import Path

from sterna.errors import InputError
from sterna.reading import read_json, require_file

PTH, SAFETENSORS = ".pth", ".safetensors"
AUTHORS_NAME = b'"blocks.0.att.time_decay"'
"""In the header of a file of safetensors of the authors' names."""
_LENGTH = struct.Struct("<Q")
_MOST_HEADER = 1 << 24
CONFIG_FILE, HUGGING_FACE_TYPE = "config.json", "rwkv"


def is_checkpoint(source: str) -> bool:
    """Whether a source is a file of the authors', or a folder as transformers writes one."""
    if source.endswith(PTH):
        return True
    path = Path(source)
    return _has_authors_names(path) if source.endswith(SAFETENSORS) else is_hugging_face(path)


def is_hugging_face(folder: Path) -> bool:
    """Whether its config.json says so."""
    try:
        return read_json(folder / CONFIG_FILE).get("model_type") == HUGGING_FACE_TYPE
    except InputError:
        return False


def _has_authors_names(path: Path) -> bool:
    try:
        require_file(path)  # a pipe would be waited for
        with path.open("rb") as file:
            length = file.read(_LENGTH.size)
            return len(length) == _LENGTH.size and AUTHORS_NAME in file.read(
                min(_LENGTH.unpack(length)[0], _MOST_HEADER))
    except (InputError, OSError):
        return False

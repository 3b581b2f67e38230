"""What is a checkpoint of an RWKV-4, by its name and its config.json."""

from __future__ import annotations

from pathlib import Path

from sterna.errors import InputError
from sterna.families.rwkv.sources import PTH, version_of_file
from sterna.reading import read_json

CONFIG_FILE, HUGGING_FACE_TYPE = "config.json", "rwkv"


def is_checkpoint(source: str) -> bool:
    """Whether a source is a file of the authors', or a folder as transformers writes one.

    Files of versions that no other family reads are among them: what they are is said of them when
    they are opened.
    """
    return (source.endswith(PTH) or version_of_file(source) is not None
            or is_hugging_face(Path(source)))


def is_hugging_face(folder: Path) -> bool:
    """Whether its config.json says so."""
    try:
        return read_json(folder / CONFIG_FILE).get("model_type") == HUGGING_FACE_TYPE
    except InputError:
        return False

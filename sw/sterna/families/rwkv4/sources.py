"""What is a checkpoint of an RWKV-4, by its name and its config.json."""

from __future__ import annotations

from sterna.families.rwkv.sources import PTH, type_of, version_of_file

HUGGING_FACE_TYPE = "rwkv"


def is_checkpoint(source: str) -> bool:
    """Whether a source is a file of the authors', or a folder as transformers writes one.

    Files of versions that no other family reads are among them: what they are is said of them when
    they are opened.
    """
    return (source.endswith(PTH) or version_of_file(source) is not None
            or is_hugging_face(source))


def is_hugging_face(folder: str) -> bool:
    """Whether its config.json says so."""
    return type_of(folder) == HUGGING_FACE_TYPE

"""What is a file of the authors', and of which version, by its tensors."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from sterna.errors import InputError
from sterna.formats.pth import PthFile
from sterna.reading import parse_json, read_json, require_file

PTH, SAFETENSORS = ".pth", ".safetensors"
MARKS = {"att.w0": "RWKV-7", "att.time_maa_x": "RWKV-6", "att.time_mix_g": "RWKV-5.2",
         "att.gate.weight": "RWKV-5", "att.ln_x.weight": "RWKV-5", "att.time_decay": "RWKV-4"}
"""Tensors of the first layer that no older version has, the newest first."""
LAYER = re.compile(r"blocks\.(\d{1,6})\.")
_LENGTH = struct.Struct("<Q")
_MOST_HEADER = 1 << 24


def version_of(names: Iterable[str]) -> str | None:
    """The version whose tensors these are; None for those of none."""
    there = set(names)
    return next((title for mark, title in MARKS.items() if f"blocks.0.{mark}" in there), None)


def version_of_file(source: str) -> str | None:
    """That of a file of the authors' tensors, None for what is none, or is damaged."""
    return version_of(names_in(source))


def names_in(source: str, endings: Sequence[str] = (PTH,), within: Sequence[str] = ()
             ) -> Iterable[str]:
    """Names of the tensors of a file, none for what is none, or is damaged; ``endings`` are those
    of files of PyTorch, ``within`` is as of `PthFile`."""
    path = Path(source)
    try:
        if source.endswith((*endings,)):
            return PthFile(path, within).shapes
        return _header(path) if source.endswith(SAFETENSORS) else ()
    except (InputError, OSError, ValueError):
        return ()


def type_of(folder: str) -> object:
    """The model_type of a folder's config.json, None without one."""
    try:
        return read_json(Path(folder) / "config.json").get("model_type")
    except InputError:
        return None


def _header(path: Path) -> Iterable[str]:
    """Names in a file of safetensors."""
    require_file(path)  # a pipe would be waited for
    with path.open("rb") as file:
        length = file.read(_LENGTH.size)
        if len(length) < _LENGTH.size:
            return ()
        text = file.read(min(_LENGTH.unpack(length)[0], _MOST_HEADER))
    return parse_json(text, str(path)).keys()

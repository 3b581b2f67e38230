"""What it is to import a checkpoint beside a family's own choice of number formats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sterna.errors import InputError
from sterna.families.tokens.options import Calibrate
from sterna.formats.generation import ignored
from sterna.formats.text import read_text, split_documents
from sterna.progress import Report

# No tokenizer makes tokens longer than this on average; the rest of a text is not even encoded.
_CHARACTERS_A_TOKEN = 32


def calibration_text(chosen: Calibrate, tokens: int) -> str | None:
    """What ``--calibrate`` names, as far as so many tokens may reach; None where it is not given.

    Raises `InputError` beside ``--no-calibrate``, and for a text without words.
    """
    path = chosen.calibrate
    if path is None:
        return None
    if chosen.no_calibrate:
        raise InputError("give --calibrate TEXT or --no-calibrate, not both")
    text = read_text(path).strip()[: tokens * _CHARACTERS_A_TOKEN]
    if not any(document.strip() for document in split_documents(text)):
        raise InputError(f"{path}: the text is empty; give a text with at least one word")
    return text


def tell_ignored(generation: Mapping[str, object], file: Path, report: Report) -> None:
    """Note every setting of a generation_config.json that is not read."""
    for setting in ignored(generation):
        report.note(f"sterna: {file}: {setting} is not read; texts go on without it")

"""A folder of `sterna build`, read again: what was built, and how it lies on the die."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.files.manifest import check_folder, read_manifest
from sterna.reading import MOST_JSON, parse_json, read_bytes

from sterna_boards.flows.open.report import LAYOUT
from sterna_boards.model_build import FORMAT


@dataclass(frozen=True)
class KeptBuild:
    """``facts`` are those of the manifest, ``layout`` is that of `flows.open.layout`."""

    folder: Path
    facts: Mapping[str, Any]
    layout: Mapping[str, Any]

    def why_not(self, model: str, board: str) -> str | None:
        """Why it is none of this model on this board; None if it is."""
        found = self.facts.get("model"), self.facts.get("board")
        if found == (model, board):
            return None
        return f"is a build of {found[0]} for {found[1]}, not of {model} for {board}"


def read_build(folder: Path) -> KeptBuild:
    """Raises `InputError` for a folder that is none, or not whole."""
    files = check_folder(folder, FORMAT, (LAYOUT,))
    if LAYOUT not in files:
        raise InputError(f"{folder}: was built by an older Sterna, which kept no {LAYOUT}; "
                         f"{FORMAT.remedy}")
    layout = parse_json(read_bytes(folder / LAYOUT, MOST_JSON).decode(), str(folder / LAYOUT))
    return KeptBuild(folder, read_manifest(folder) or {}, layout)

"""What other programs wrote becomes a model folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sterna.families.registry import family_of_source, options_of
from sterna.families.requests import ImportRequest
from sterna.progress import Report
from sterna.shown import Shown


@dataclass(frozen=True, repr=False)
class Imported(Shown):
    """The folder, and what there is to tell of it."""

    folder: Path
    lines: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Folder and lines."""
        return {"folder": str(self.folder), "lines": list(self.lines)}

    def text(self) -> list[str | tuple[str, object]]:
        """The lines."""
        return list(self.lines)


def import_model(request: ImportRequest, report: Report | None = None) -> Imported:
    """Write the folder. Raises `InputError`; nothing is written then."""
    request.check()
    source = str(request.model)
    family = family_of_source(source)
    request.options.check(family.reading(request), options_of(request.command), source)
    return Imported(request.output, tuple(family.import_model(request, report or Report())))

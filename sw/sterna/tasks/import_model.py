"""What other programs wrote becomes a model folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sterna.families.registry import family_of_source, options_of
from sterna.families.requests import ImportRequest
from sterna.files.manifest import add_facts
from sterna.formats.hub import HubModel, fetch, is_hub
from sterna.progress import Report
from sterna.reading import require_possible
from sterna.shown import Shown


@dataclass(frozen=True, repr=False)
class Imported(Shown):
    """The folder, and what there is to tell of it."""

    folder: Path
    lines: tuple[str, ...]
    origin: HubModel | None = None
    """Where it was fetched from."""

    def to_dict(self) -> dict[str, object]:
        """Folder and lines."""
        origin = {} if self.origin is None else {"origin": self.origin.facts()}
        return {"folder": str(self.folder), "lines": list(self.lines), **origin}

    def text(self) -> list[str | tuple[str, object]]:
        """The lines, and where the model is from."""
        found = self.origin
        return [*self.lines, *([] if found is None else [
            f"{self.folder}: is {found.name} at {found.revision}, licence: "
            f"{found.licence or 'its card names none'}"])]


def import_model(request: ImportRequest, report: Report | None = None) -> Imported:
    """Write the folder. Raises `InputError`; nothing is written then."""
    report = report or Report()
    request.check()
    source, origin = str(request.model), None
    if is_hub(source):
        require_possible(request.output)
        report("fetching the model", 0, 1)
        origin = fetch(source)
        source = str(origin.folder)
        request = replace(request, model=source)
    family = family_of_source(source)
    request.options.check(family.reading(request), options_of(request.command), source)
    lines = tuple(family.import_model(request, report))
    if origin is not None:
        add_facts(request.output, {"origin": origin.facts()})
    return Imported(request.output, lines, origin)

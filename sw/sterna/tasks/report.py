"""A page on a model and its board, in a folder with its numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sterna.families.family import Result
from sterna.families.registry import options_of
from sterna.families.requests import ReportRequest
from sterna.files.folder import check_target, replace_folder
from sterna.files.manifest import Format, write_manifest
from sterna.progress import Report
from sterna.shown import Lines, Shown
from sterna.tasks.perform import opened

FORMAT = Format("report", 1, "write it again: sterna report")
PAGE, NUMBERS = "index.html", "report.json"


@dataclass(frozen=True, repr=False)
class WrittenReport(Shown):
    """What is in it, and where it is."""

    found: Result
    page: Path

    def to_dict(self) -> dict[str, object]:
        return self.found.to_dict() | {"page": str(self.page)}

    def text(self) -> Lines:
        return [f"{self.page}: written"]


def report(request: ReportRequest, progress: Report | None = None) -> WrittenReport:
    """Write the folder. Raises `InputError`; nothing is written then."""
    from sterna.report.on_board import written_page

    progress, output = progress or Report(), request.output
    with opened(request, progress) as model:
        sources = [*model.sources, *_read(request)]
        check_target(output, FORMAT, sources)
        with replace_folder(output, FORMAT, sources) as folder:
            found = model.report(request, progress)
            values = found.to_dict()
            progress("drawing", 0, 1)
            (folder / PAGE).write_text(written_page(values), encoding="utf-8")
            (folder / NUMBERS).write_text(json.dumps(values), encoding="utf-8")
            write_manifest(folder, FORMAT, {"model": request.model, "board": request.board})
    return WrittenReport(found, output / PAGE)


def _read(request: ReportRequest) -> list[Path]:
    """Files and folders that its options name."""
    named = [request.build, *(request.options[item.name] for item in options_of(request.command)
                              if item.is_path and item.name in request.options)]
    return [Path(str(path)) for path in named if path is not None]

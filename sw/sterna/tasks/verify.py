"""The generated Verilog against the golden, every value; of several models at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sterna.errors import CheckError, InputError
from sterna.families.family import Result
from sterna.families.registry import options_of
from sterna.families.requests import VerifyRequest
from sterna.files.folder import check_target, replace_folder
from sterna.files.manifest import Format, write_manifest
from sterna.host.address import SIMULATED
from sterna.options import Options
from sterna.progress import Report
from sterna.shown import Lines, Shown
from sterna.tasks.elsewhere import names_files
from sterna.tasks.perform import family_for, opened, perform
from sterna.work.alike import Wanted
from sterna.work.choice import workers
from sterna.work.kept import keep, kept
from sterna.work.task import MEGABYTE, Done, Task

FORMAT = Format("comparison", 1, "write it again: sterna verify")
PAGE, NUMBERS = "index.html", "verify.json"
MEMORY = 2000 * MEGABYTE
"""Of a simulator that is compiled."""
_TOOLS = "sterna_sim.toolchain:versions_of_tools"


@dataclass(frozen=True, repr=False)
class WrittenVerification(Shown):
    """What was found, and where it is drawn."""

    found: Result
    page: Path

    @property
    def failure(self) -> str | None:
        """That of the comparison."""
        return self.found.failure

    def to_dict(self) -> dict[str, object]:
        return self.found.to_dict() | {"page": str(self.page)}

    def text(self) -> Lines:
        return [*self.found.text(), f"{self.page}: written"]


@dataclass(frozen=True, repr=False)
class Verifications(Shown):
    """What was found of several models, in their order; of each a failure, or None."""

    models: tuple[str, ...]
    found: tuple[dict[str, Any], ...]
    """Values of each, empty where nothing was compared; lines of text; why it failed."""

    @property
    def failure(self) -> str | None:
        """All that failed."""
        failed = [f"{model}: {one['failure']}" for model, one in
                  zip(self.models, self.found, strict=True) if one["failure"] is not None]
        told = f"{len(failed)} of {len(self.models)} failed; {'; '.join(failed)}"
        return told if failed else None

    def to_dict(self) -> dict[str, object]:
        return {"models": [{"model": model, **one["values"], "failure": one["failure"]}
                           for model, one in zip(self.models, self.found, strict=True)]}

    def text(self) -> Lines:
        return [line if isinstance(line, str) else tuple(line)
                for one in self.found for line in one["lines"]]


def verify(request: VerifyRequest, report: Report | None = None) -> Result:
    """The result of the model's family, or `Verifications`. Raises `InputError`."""
    report = report or Report()
    if request.more:
        return _several(request, report)
    return perform(request, report) if request.output is None else _drawn(request, report)


def _drawn(request: VerifyRequest, report: Report) -> WrittenVerification:
    """With a page, whether or not something differs."""
    from sterna.report.of_verify import written_page

    assert request.output is not None
    with opened(request, report) as model:
        check_target(request.output, FORMAT, model.sources)
        found = model.verify(request, report)
        with replace_folder(request.output, FORMAT, model.sources) as folder:
            values = found.to_dict()
            (folder / PAGE).write_text(written_page(values, found.failure), encoding="utf-8")
            (folder / NUMBERS).write_text(json.dumps(values), encoding="utf-8")
            write_manifest(folder, FORMAT, {"model": request.model})
    return WrittenVerification(found, request.output / PAGE)


def verified(model: str, seed: int, device: str, stalls: int, **options: Any) -> dict[str, Any]:
    """A task for a worker: values and lines of a model's result, and why it failed."""
    paths = _paths()
    result = perform(VerifyRequest(model=model, seed=seed, device=device, stalls=stalls,
                                   options=Options(**{
                                       name: Path(value) if name in paths else value
                                       for name, value in options.items()})))
    return {"values": result.to_dict(), "lines": list(result.text()), "failure": result.failure}


def _several(request: VerifyRequest, report: Report) -> Verifications:
    request.check()
    if request.model is None:
        raise InputError("several models: the first of them is missing")
    models = tuple(dict.fromkeys([request.model, *(request.more or ())]))
    for model in models:  # all that is wrong with the question, before any work
        family_for(replace(request, model=model, more=None, on=None))
    tasks = {model: _task(request, model) for model in models}
    wanted = Wanted(_TOOLS if request.device == SIMULATED else "")
    versions = wanted.here()
    if "error" in versions:
        raise InputError(versions["error"])
    found: dict[str, dict[str, Any]] = {}
    for number, done in enumerate(_ends([*tasks.values()], request, wanted, versions)):
        model = done.task.arguments["model"]
        found[model] = done.value if done.error is None else {
            "values": {}, "lines": [], "failure": str(done.error)}
        report("comparing models", number + 1, len(models))
    return Verifications(models, tuple(found[model] for model in models))


def _ends(tasks: Sequence[Task], request: VerifyRequest, wanted: Wanted,
          versions: dict[str, str]) -> Iterator[Done]:
    """Those that are known, and those that are worked for, of which what passes is kept."""
    known, others = kept(tasks, versions)
    yield from known
    if not others:
        return
    with workers(request.workers, request.on, wanted) as there:
        for done in there.results(others, lambda: True):
            if isinstance(done.error, InputError) or (
                    isinstance(done.error, CheckError) and done.lost):
                raise done.error
            if done.error is None and done.value["failure"] is None:
                keep(done, versions)
            yield done


def _task(request: VerifyRequest, model: str) -> Task:
    paths = _paths()
    arguments = {"model": model, "seed": request.seed, "device": request.device,
                 "stalls": request.stalls, **{
                     name: str(value) if name in paths else value
                     for name, value in request.options.to_dict().items()}}
    return Task(what=f"verify {model}", call="sterna.tasks.verify:verified", memory=MEMORY,
                arguments=arguments, files=names_files(arguments, "model", *paths))


def _paths() -> set[str]:
    """Options that name files."""
    return {item.name for item in options_of(VerifyRequest.command) if item.is_path}

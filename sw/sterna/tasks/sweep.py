"""Many configurations of a model on boards, and those of them that nothing beats."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sterna.cache import digest, package_sources
from sterna.cache_folder import cache_folder
from sterna.errors import InputError
from sterna.families.requests import EstimateRequest, EvaluateRequest, SweepRequest
from sterna.files.folder import check_target, replace_folder
from sterna.files.manifest import Format, file_digest, write_manifest
from sterna.formats.text import read_text
from sterna.options import Options
from sterna.progress import Report
from sterna.shown import Lines, Shown
from sterna.sweep.axes import BOARD, axes_of, read_options
from sterna.sweep.objectives import Objective, at_least_as_good, front, objectives_of
from sterna.sweep.run import Plan, run
from sterna.sweep.study import Study, Trial
from sterna.sweep.words import words_of
from sterna.tasks.perform import family_for, opened
from sterna.work.alike import Wanted
from sterna.work.choice import workers

FORMAT = Format("sweep", 1, "write it again: sterna sweep")
PAGE, NUMBERS = "index.html", "sweep.json"


@dataclass(frozen=True, repr=False)
class SweepResult(Shown):
    """What was tried, and the front; ``page`` is where it is drawn, if it is."""

    model: str
    board: str
    axes: Mapping[str, Sequence[Any]]
    objectives: tuple[Objective, ...]
    trials: tuple[Trial, ...]
    study: Path
    page: Path | None = field(default=None)

    @property
    def found(self) -> list[Trial]:
        """Those that have all their numbers."""
        return [trial for trial in self.trials if trial.found]

    @property
    def front(self) -> list[Trial]:
        """Those that nothing beats, by the first objective."""
        found = self.found
        return [found[place] for place in front([one.numbers for one in found], self.objectives)]

    @property
    def own(self) -> Trial | None:
        """The board's own configuration, where it was tried and is found."""
        return next((trial for trial in self.found if not trial.number), None)

    @property
    def as_good(self) -> list[Trial]:
        """Those of the front that are at least as good as the board's own in all objectives."""
        own = self.own
        return [] if own is None else [trial for trial in self.front if trial is not own and
                                       at_least_as_good(trial.numbers, own.numbers,
                                                        self.objectives)]

    @property
    def states(self) -> dict[str, int]:
        """How many trials ended how."""
        return dict(Counter(trial.state for trial in self.trials))

    def to_dict(self) -> dict[str, object]:
        page = {} if self.page is None else {"page": str(self.page)}
        return {
            "model": self.model, "board": self.board,
            "axes": {name: list(values) for name, values in self.axes.items()},
            "objectives": [goal.name for goal in self.objectives],
            "trials": [asdict(trial) for trial in self.trials],
            "front": [trial.number for trial in self.front],
            "at_least_as_good_as_own": [trial.number for trial in self.as_good],
            "states": self.states, "study": str(self.study), **page}

    def text(self) -> Lines:
        names = [goal.name for goal in self.objectives]
        shapes = {trial.number: words_of(trial.numbers) for trial in self.front}
        numbers = {trial.number: [_number(trial.numbers[name]) for name in names]
                   for trial in self.front}
        widths = [max(map(len, column)) for column in zip(names, *numbers.values(), strict=True)]

        def line(cells: Sequence[str], more: str) -> str:
            return "  ".join([*(cell.rjust(width) for cell, width in
                                zip(cells, widths, strict=True)), more])

        told = ", ".join(f"{count} {state}" for state, count in self.states.items())
        rows: list[str | tuple[str, object]] = [
            f"{len(self.trials)} configurations: {told}",
            line(names, "configuration; nothing that was tried beats these"),
            *(line(numbers[number], shape) for number, shape in shapes.items())]
        if (own := self.own) is not None and own not in self.front:
            rows += ["the board's own:", line([_number(own.numbers[name]) for name in names],
                                              f"{len(self.as_good)} of them are at least as good "
                                              "in all")]
        return [*rows, *([] if self.page is None else [f"{self.page}: written"])]


def sweep(request: SweepRequest, report: Report | None = None) -> SweepResult:
    """Go on with the study of this question, or begin one.

    Raises `InputError` for what cannot be asked, and when nothing at all could be found.
    """
    report = report or Report()
    begun = time.monotonic()
    plan, question, sources = _planned(request)
    path = request.study or cache_folder() / "study" / (
        digest([json.dumps(question, sort_keys=True)]) + ".jsonl")
    if request.output is not None:
        check_target(request.output, FORMAT, sources)

    def goes_on() -> bool:
        return request.minutes is None or time.monotonic() - begun < 60 * request.minutes

    with Study(path, question, plan.may_have) as study, workers(
            request.workers, request.on, plan.wanted) as there:
        run(plan, study, there, goes_on, report)
        trials = tuple(study.trials[number] for number in sorted(study.trials)
                       if number < plan.trials)
    result = SweepResult(plan.model, plan.board, plan.axes.values, plan.objectives, trials, path)
    if not result.found:
        reasons = Counter(trial.reason for trial in trials).most_common(1)
        why = reasons[0][0] if reasons else "nothing was begun in the time"
        raise InputError(f"{plan.model}: none of {len(trials)} configurations can be: {why}")
    return result if request.output is None else _written(request.output, result, sources)


def _planned(request: SweepRequest) -> tuple[Plan, dict[str, Any], list[Path]]:
    """All that the sweep does, what names it, and the files that are read for it."""
    from sterna_boards.catalogue import find_board
    from sterna_boards.flows.open.seeds import build_bytes, tools_of

    from sterna.program.digest import program_digest

    family = family_for(request)
    groups = family.reading(request).groups
    given = {item.name: request.options[item.name] for item in read_options(groups)
             if item.name in request.options}
    if request.text is not None:  # who has no perplexity says so
        if not read_text(request.text).strip():
            raise InputError(f"{request.text}: the text is empty; give one with a word at least")
        family_for(EvaluateRequest(model=request.model, options=Options(text=request.text)))
    objectives = objectives_of(request.objective, request.build, request.text is not None)
    board = find_board(request.board)
    estimate = EstimateRequest(model=request.model, board=request.board, options=Options(**given))
    with opened(estimate, Report()) as model:
        if request.text is not None:
            model.tokenizer()  # who has none says so, and the way out
        shape = model.board_options
        usual = shape.usual_axes(board)
        axes = axes_of(request, read_options(groups), usual)
        repaired = not request.vary and set(axes.values) == set(usual)
        boards = {name: find_board(name) for name in axes.values.get(BOARD, (request.board,))}
        content = program_digest(model.lowered)
    if request.build:
        for one in boards.values():
            one.tools()
    wanted = tools_of(boards.values()) if request.build else Wanted()
    assert request.model is not None
    plan = Plan(
        model=request.model, board=request.board, given=given, axes=axes,
        nearest=shape.nearest if repaired else dict, objectives=objectives, trials=request.trials,
        seed=request.seed, grid=request.grid,
        text=None if request.text is None else os.path.realpath(request.text),
        tokens=request.tokens, build=request.build,
        build_memory=lambda name: build_bytes(find_board(name)), wanted=wanted)
    question = {
        "model": request.model, "content": content, "board": request.board,
        "options": {name: str(value) for name, value in given.items()},
        "axes": {name: list(values) for name, values in axes.values.items()},
        "objective": request.objective, "grid": plan.in_order, "build": request.build,
        "text": None if request.text is None else file_digest(request.text),
        "tokens": request.tokens if request.text is not None else None, "seed": request.seed,
        "sources": digest(package_sources("sterna", "sterna_boards", "sterna_hw"))}
    sources = [*model.sources, *([] if request.text is None else [request.text])]
    return plan, question, sources


def _number(value: float) -> str:
    return f"{value:.4f}" if value < 10 else f"{value:.1f}" if isinstance(value, float) else str(
        value)


def _written(output: Path, result: SweepResult, sources: Sequence[Path]) -> SweepResult:
    """The page and the numbers in a folder."""
    from sterna.report.of_sweep import written_page

    with replace_folder(output, FORMAT, sources) as folder:
        values = result.to_dict()
        (folder / PAGE).write_text(written_page(values), encoding="utf-8")
        (folder / NUMBERS).write_text(json.dumps(values), encoding="utf-8")
        write_manifest(folder, FORMAT, {"model": result.model, "board": result.board})
    return SweepResult(result.model, result.board, result.axes, result.objectives, result.trials,
                       result.study, output / PAGE)

"""The way of a sweep: configurations are proposed, estimated, scored, built, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import isfinite
from typing import Any

from sterna.progress import Report
from sterna.sweep.axes import BOARD, SEED, Axes, Values
from sterna.sweep.objectives import Objective
from sterna.sweep.point import read_by_evaluate
from sterna.sweep.search import batch_size, proposed
from sterna.sweep.study import FAILED, FOUND, LOST, SLOW, Study, Trial
from sterna.tasks.elsewhere import names_files
from sterna.work.alike import Wanted
from sterna.work.task import MEGABYTE, Done, Task, Workers

FEW, MOST_BATCH = 64, 1024
"""Configurations that are tried in order, search or not; of more than that so many at a time."""
_POINT = "sterna.sweep.point:"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a sweep is asked for, every part of it."""

    model: str
    board: str
    given: Mapping[str, Any]
    """Options of all configurations."""
    axes: Axes
    nearest: Callable[[Values], Values]
    """What is tried instead of a configuration that cannot be."""
    objectives: tuple[Objective, ...]
    trials: int
    seed: int
    grid: bool
    text: str | None
    tokens: int
    build: bool
    build_memory: Callable[[str], int]
    """Bytes that a build for a board takes."""
    wanted: Wanted
    """What workers must have."""

    def may_have(self, trial: Trial) -> bool:
        """Whether a trial of a file can be one of these."""
        if bool(trial.number) != bool(trial.point):
            return False
        numbers = [trial.numbers.get(goal.name) for goal in self.objectives]
        return (not trial.point or self.axes.has(trial.point)) and (
            not trial.found or all(isinstance(one, int | float) and not isinstance(one, bool)
                                   and isfinite(one) for one in numbers))

    @property
    def in_order(self) -> bool:
        """Whether all configurations are tried, the last axis fastest."""
        return self.grid or self.axes.count <= FEW


def run(plan: Plan, study: Study, workers: Workers, goes_on: Callable[[], bool],
        report: Report) -> None:
    """Fill the study up to the wanted trials, or until ``goes_on`` says no."""
    start, most = 0, min(plan.trials, plan.axes.count + 1)
    for points in _batches(plan, study):
        numbers = range(start, min(start + len(points), plan.trials))
        missing = {number: points[number - start] for number in numbers
                   if number not in study.trials}
        for trial in _tried(plan, missing, workers, goes_on):
            study.add(trial)
            report("trying configurations", len(study.trials), most)
        if start + len(points) >= plan.trials or any(
                number not in study.trials for number in numbers):
            return
        start += len(points)


def _batches(plan: Plan, study: Study) -> Iterator[Sequence[Values]]:
    """Configurations to try; each batch is asked for when the ones before it are in the study."""
    if plan.in_order:
        points = chain([{}], plan.axes.grid())
        while batch := [*islice(points, MOST_BATCH)]:
            yield batch
        return
    if plan.trials == 1:
        yield [{}]
        return
    start = 0
    while True:
        count = batch_size(start)
        tried = [study.trials[number] for number in range(start)]
        points = proposed(plan.axes, plan.objectives, tried, plan.seed, count - (not start))
        if start and not points:
            return
        yield points if start else [{}, *points]
        start += len(points) + (not start)


def _tried(plan: Plan, points: Mapping[int, Values], workers: Workers,
           goes_on: Callable[[], bool]) -> Iterator[Trial]:
    """Each configuration through all that there is to do for it, told when it is through."""
    at = {number: _Work(plan, number, point) for number, point in points.items()}
    waiting = list(at)
    for stage in ("estimated", "scored", "built"):
        asked: dict[str, list[int]] = {}
        tasks = []
        for number in waiting:
            task = at[number].task(stage)
            if task is not None:
                asked.setdefault(task.key, []).append(number)
                tasks.append(task)
        reached = [number for number in waiting if at[number].task(stage) is None]
        for done in workers.results(tasks, goes_on):
            for number in asked[done.task.key]:
                at[number].take(stage, done)
                if at[number].last == stage or not at[number].goes_on:
                    yield at[number].trial()
                else:
                    reached.append(number)
        waiting = sorted(reached)


class _Work:
    """A configuration on its way."""

    def __init__(self, plan: Plan, number: int, point: Values) -> None:
        self._plan, self._number, self._point = plan, number, point
        values = plan.nearest(point) if point else {}
        self._board = values.pop(BOARD, plan.board)
        self._seed = values.pop(SEED, None)
        self._options = {**plan.given, **values}
        self._state, self._reason = FOUND, ""
        self._numbers: dict[str, Any] = {}
        self.last = "built" if plan.build else "scored" if plan.text else "estimated"

    @property
    def goes_on(self) -> bool:
        """Whether nothing has ended it."""
        return self._state == FOUND

    def task(self, stage: str) -> Task | None:
        """What there is to do."""
        plan, words = self._plan, ", ".join(f"{name} {value}" for name, value in (
            self._point or {"the board's own": "shape"}).items())
        if stage == "estimated":
            return self._task(f"estimate of {words}", stage, {
                "model": plan.model, "board": self._board, "options": self._options})
        if stage == "scored" and plan.text is not None:
            return self._task(f"perplexity of {words}", stage, {
                "model": plan.model, "options": read_by_evaluate(plan.model, self._options),
                "text": plan.text, "tokens": plan.tokens}, 1500 * MEGABYTE)
        if stage == "built" and plan.build:
            return self._task(f"build of {words}", stage, {
                "model": plan.model, "board": self._board, "options": self._options,
                "seed": self._seed}, plan.build_memory(self._board))
        return None

    def _task(self, what: str, stage: str, arguments: Mapping[str, Any],
              memory: int = 500 * MEGABYTE) -> Task:
        return Task(what=what, call=_POINT + stage, arguments=arguments, memory=memory,
                    files=names_files(arguments, "model", "board", "text"))

    def take(self, stage: str, done: Done) -> None:
        """What came of it."""
        if done.error is not None:
            self._state = LOST if done.lost else FAILED
            self._reason = str(done.error) if done.lost else f"{done.task.what}: {done.error}"
        elif stage == "estimated":
            self._state, self._reason = done.value["state"], done.value["reason"]
            self._numbers = {**done.value["numbers"]}
        elif stage == "scored":
            self._numbers["perplexity"] = done.value
        else:
            self._numbers |= done.value
            if not done.value["met"]:
                self._state = SLOW
                self._reason = f"{done.value['fmax']:.1f} MHz of {self._numbers['clock_mhz']:g} MHz"

    def trial(self) -> Trial:
        """As the study keeps it; its options are those that were tried."""
        tried = {} if not self._point else {
            BOARD: self._board, **self._options,
            **({} if self._seed is None else {SEED: self._seed})}
        return Trial(self._number, self._point, self._state, self._reason,
                     {**self._numbers, "tried": tried})

"""Choosing planes and codes of every matrix: the fewest passes that keep a target.

The field's usual search: how much each matrix alone costs is measured once, at `PROBED` planes;
a plane less is three times the error. What costs least for a pass that is
saved is taken first, and every step is measured as a whole before it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sterna.progress import Progress

PROBED = 3
"""Planes at which a matrix alone costs enough to be measured."""
SQUARES, COUNTS = 9.0, 3.0
"""By how much losses grow from a plane to one less that are squares of errors, or counts of what
errors change."""
NEARLY = 1.1
"""Of the least that can be reached, where that is above the target."""


class Level(NamedTuple):
    """Of a matrix: its planes, and the digits of the codes that it takes."""

    planes: int
    digits: int = 1

    def told(self) -> str:
        """In words."""
        planes = f"{self.planes} plane{'s' if self.planes > 1 else ''}"
        return planes if self.digits == 1 else f"{planes} and codes of two digits"


Choice = Mapping[str, Level]
"""A level of every matrix, by name."""


class Measured(NamedTuple):
    """``loss`` is what adds up over matrices, ``figure`` what the target is for."""

    loss: float
    figure: float


@dataclass(frozen=True)
class Chosen:
    """What was found, what it measures, and what its start and the most exact did."""

    choice: Choice
    measured: Measured
    start: Choice
    before: Measured
    target: float
    measurements: int

    @property
    def reached(self) -> bool:
        """Whether it keeps the target."""
        return self.measured.figure <= self.target

    @property
    def warnings(self) -> list[str]:
        """A line where it does not."""
        return [] if self.reached else [
            "warning: not even the most planes keep what is asked for; these are within a tenth of "
            "what they reach"]


@dataclass
class _Search:
    sizes: Mapping[str, int]
    measure: Callable[[Choice], Measured]
    report: Progress
    done: int = 0
    known: dict[tuple[tuple[str, Level], ...], Measured] = field(default_factory=dict)

    def at(self, choice: Choice) -> Measured:
        """Of a choice, once."""
        key = tuple(choice.items())
        if key not in self.known:
            self.report("choosing planes", self.done, max(self.done + 2, 4 * len(self.sizes)))
            self.known[key] = self.measure(choice)
            self.done += 1
        return self.known[key]


def choose(starts: Sequence[Choice], sizes: Mapping[str, int],
           measure: Callable[[Choice], Measured], target: float, report: Progress,
           fold: float = SQUARES) -> Chosen:
    """The choice of fewest passes that the search finds below the first start that keeps the
    target, or else below the first that is near the most exact one.

    ``sizes`` are weights by matrix; losses grow ``fold`` with a plane less.
    """
    search = _Search(sizes, measure, report)
    start = next((one for one in starts if search.at(one).figure <= target), None)
    most = target
    if start is None:
        most = NEARLY * min(search.at(one).figure for one in starts)
        start = next(one for one in starts if search.at(one).figure <= most)
    before = search.at(start)
    current, refused = start, {}
    costs = _costs(search, start, before, fold)
    while True:
        steps = [(step, level, costs(name, level) - costs(name, current[name]))
                 for name in sizes for step, level in _lower(name, current[name])
                 if step not in refused]
        # What alone costs no less than what was too much need not be tried.
        steps = [one for one in steps if one[2] < min(refused.values(), default=float("inf"))]
        if not steps:
            return Chosen(current, search.at(current), start, before, target, search.done)
        (name, kind), level, loss = min(steps, key=lambda one: _a_pass(
            one[2], sizes[one[0][0]], current[one[0][0]], one[1]))
        tried = {**current, name: level}
        if search.at(tried).figure <= most:
            current = tried
        else:
            refused[name, kind] = loss


def _lower(name: str, level: Level) -> Iterator[tuple[tuple[str, str], Level]]:
    """Steps of a matrix, each with what it is of."""
    if level.planes > 1:
        yield (name, "planes"), level._replace(planes=level.planes - 1)
    if level.digits > 1:
        yield (name, "digits"), level._replace(digits=level.digits - 1)


def _a_pass(loss: float, size: int, level: Level, lower: Level) -> float:
    """For each weight that is not read again."""
    return loss / (size * (level.planes * level.digits - lower.planes * lower.digits))


def _costs(search: _Search, start: Choice, before: Measured, fold: float
           ) -> Callable[[str, Level], float]:
    """What a matrix costs alone, by its level."""
    def alone(name: str, level: Level) -> float:
        return max(search.at({**start, name: level}).loss - before.loss, 0.0)

    planes = {name: alone(name, level._replace(planes=min(PROBED, level.planes)))
              for name, level in start.items()}
    digits = {name: alone(name, level._replace(digits=1))
              for name, level in start.items() if level.digits > 1}

    def cost(name: str, level: Level) -> float:
        found = planes[name] * fold**(PROBED - level.planes)
        return found + (digits[name] if level.digits < start[name].digits else 0.0)

    return cost

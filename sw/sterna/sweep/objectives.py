"""What a sweep looks for, and which configurations nothing beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sterna.errors import InputError
from sterna.suggest import did_you_mean


@dataclass(frozen=True)
class Objective:
    """A number of every configuration that is found: the most of it, or the least."""

    name: str
    words: str
    most: bool

    def better(self, value: float, other: float) -> bool:
        """Whether a value is better than another."""
        return value > other if self.most else value < other


OBJECTIVES = {one.name: one for one in (
    Objective("user", "a second at the user's end", True),
    Objective("engine", "a second of the machine", True),
    Objective("luts", "look-up tables", False),
    Objective("rams", "block RAMs", False),
    Objective("dsps", "DSPs", False),
    Objective("fmax", "MHz of the placement", True),
    Objective("perplexity", "perplexity", False),
)}
"""By the name that the user types. ``fmax`` needs a build, ``perplexity`` a text."""


def objectives_of(text: str, build: bool, scored: bool) -> tuple[Objective, ...]:
    """Those of a list with commas. Raises `InputError`."""
    found: dict[str, Objective] = {}
    for name in (word.strip() for word in text.split(",")):
        if name not in OBJECTIVES:
            raise InputError(f"--objective: {name!r} is none; there are {', '.join(OBJECTIVES)}"
                             f"{did_you_mean(name, OBJECTIVES)}")
        if name in found:
            raise InputError(f"--objective: {name} is there twice")
        found[name] = OBJECTIVES[name]
    if "fmax" in found and not build:
        raise InputError("--objective: fmax is that of a placement; give --build")
    if "perplexity" in found and not scored:
        raise InputError("--objective: perplexity is that of a text; give --text FILE")
    return tuple(found.values())


Numbers = Mapping[str, Any]


def at_least_as_good(one: Numbers, other: Numbers, objectives: Sequence[Objective]) -> bool:
    """Whether nothing of it is worse."""
    return not any(goal.better(other[goal.name], one[goal.name]) for goal in objectives)


def front(found: Sequence[Numbers], objectives: Sequence[Objective]) -> list[int]:
    """Places of those that none beats: as good in all, and better in one; of equal ones the first.

    In the order of the first objective, the best first.
    """
    def beaten(place: int) -> bool:
        mine = found[place]
        return any(at_least_as_good(other, mine, objectives)
                   and (number < place or not at_least_as_good(mine, other, objectives))
                   for number, other in enumerate(found) if number != place)

    goal = objectives[0]
    return sorted((place for place in range(len(found)) if not beaten(place)),
                  key=lambda place: -found[place][goal.name] if goal.most
                  else found[place][goal.name])

"""The page of a sweep: the front among all that was tried, and every configuration."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from sterna import __version__
from sterna.report.page import Section, page
from sterna.report.pictures import Cloud, scatter
from sterna.sweep.axes import BOARD
from sterna.sweep.objectives import OBJECTIVES
from sterna.sweep.words import words_of

Shapes = Mapping[int, str]
"""Configurations in words, by their numbers."""
MOST_ROWS = 1000
"""Of a table; all configurations are in the numbers beside the page."""


def written_page(found: Mapping[str, Any]) -> str:
    """The document, of what the task `sweep` found."""
    shapes = _shapes(found)
    states = ", ".join(f"{count:,} {state}" for state, count in found["states"].items())
    return page(
        f"Configurations of {found['model']} on {found['board']}",
        [f"Sterna {__version__}. {len(found['trials']):,} were tried: {states}."],
        [*_pictures(found, shapes), _front(found, shapes), _all(found, shapes)])


def _pictures(found: Mapping[str, Any], shapes: Shapes) -> list[Section]:
    """Each pair of objectives."""
    sections = []
    for first, second in list(combinations(found["objectives"], 2))[:6]:
        names = second, first
        by_number = {trial["number"]: trial["numbers"] for trial in found["trials"]
                     if trial["state"] == "found"}
        best = sorted(found["front"], key=lambda number: by_number[number][names[0]])

        def points(numbers: list[int], names: tuple[str, str] = names,
                   known: Mapping[int, Any] = by_number) -> tuple[list[float], list[float]]:
            return tuple([known[number][name] for number in numbers]
                         for name in names)  # type: ignore[return-value]

        clouds = [Cloud("tried", points([*by_number]), "o", 4, 4, hollow=True),
                  Cloud("nothing beats these", points(best), "o", 0, 6,
                        "-" if len(found["objectives"]) == 2 else "none")]
        if 0 in by_number:
            clouds.append(Cloud("the board's own", points([0]), "D", 5, 7))
        across, up = (OBJECTIVES[name].words for name in names)
        sections.append(Section(
            f"{first} against {second}", [_better(first, second)], (first, second, "configuration"),
            [(by_number[number][first], by_number[number][second], shapes[number])
             for number in best], scatter(f"{first} against {second}", across, up, clouds)))
    return sections


def _better(up: str, across: str) -> str:
    return (f"Better is {'up' if OBJECTIVES[up].most else 'down'} and to the "
            f"{'right' if OBJECTIVES[across].most else 'left'}.")


def _front(found: Mapping[str, Any], shapes: Shapes) -> Section:
    by_number = {trial["number"]: trial for trial in found["trials"]}
    names = found["objectives"]
    good = found["at_least_as_good_as_own"]
    words = ["Nothing that was tried is as good in all objectives, and better in one."]
    if 0 in by_number and by_number[0]["state"] == "found":
        words.append(f"{len(good)} of them are at least as good as the board's own in all.")
    return Section(
        "The front", words, ("number", *names, "configuration"),
        [(number, *(by_number[number]["numbers"][name] for name in names), shapes[number])
         for number in found["front"]])


def _all(found: Mapping[str, Any], shapes: Shapes) -> Section:
    trials, names = found["trials"], found["objectives"]
    words = [] if len(trials) <= MOST_ROWS else [f"The first {MOST_ROWS:,}."]
    return Section(
        "All that was tried", words, ("number", "", *names, "configuration", "why"),
        [(trial["number"], trial["state"], *(trial["numbers"].get(name, "") for name in names),
          shapes[trial["number"]], trial["reason"]) for trial in trials[:MOST_ROWS]])


def _shapes(found: Mapping[str, Any]) -> Shapes:
    boards = {trial["numbers"].get("tried", {}).get(BOARD) for trial in found["trials"]} - {None}
    alone = [BOARD] if len(boards) < 2 else []
    return {trial["number"]: words_of(trial["numbers"], *alone) for trial in found["trials"]}

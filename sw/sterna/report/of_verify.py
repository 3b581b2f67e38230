"""The page of a comparison: the first values that differ, with the elements around."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from sterna import __version__
from sterna.report.page import Section, page
from sterna.report.pictures import Cloud, scatter

MISSING = "missing"


def written_page(found: Mapping[str, Any], failure: str | None) -> str:
    """The document, of what the task `verify` found, and why it failed."""
    verdict = "No value differs." if failure is None else f"{failure}."
    return page(f"{found['model']} against the golden",
                [f"Sterna {__version__}, {found['device']}, of {found['model']}. {verdict}"],
                [_counts(found), *(_differing(one) for one in found["differing"])])


def _counts(found: Mapping[str, Any]) -> Section:
    return Section("What was compared", [], ("", ""), [
        (name.replace("_", " "), value) for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)])


def _differing(one: Mapping[str, Any]) -> Section:
    """Golden and device side by side; elements that differ are marked."""
    around, name = one["around"], one["name"]
    rows = [(place, MISSING if golden is None else golden, MISSING if shown is None else shown,
             "" if golden == shown else "differs")
            for place, (golden, shown) in enumerate(
                zip_longest(around["golden"], around["simulated"]), around["first"])]
    clouds = [Cloud(label, ([*range(around["first"], around["first"] + len(values))], values),
                    mark, colour, size, line)
              for label, values, mark, colour, size, line in (
                  ("golden", around["golden"], "o", 0, 7, "-"),
                  ("device", around["simulated"], "D", 5, 4, "none")) if values]
    title = f"{name}[{one['element']}]"
    return Section(
        f"{title}, text {one['text']}, item {one['token']}",
        [f"{one['section']}[{one['repetition']}], item {one['item']}, operation "
         f"{one['operation']}: {_told(one['simulated'])}, golden {_told(one['golden'])}."],
        ("element", "golden", "device", ""), rows,
        scatter(f"{title} and what is around", "element", name, clouds))


def _told(value: int | None) -> str:
    return MISSING if value is None else f"{value}"

"""Sections on a routed build: what lies where on the die, and its slowest paths."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sterna.report.layout_pictures import Area, floor_plan, parts_of_bars
from sterna.report.page import Section
from sterna.report.pictures import COLOURS

LOGIC, BLOCKS = "logic", ("memory", "multiplier")
"""Kinds of cells that are drawn, by their names in a build's layout."""
REST, UNCLOCKED = "the rest", "$PACKER"
"""What units without a colour are called, and how nextpnr names what clocks nothing."""
MOST_LATEST = 20
"""Registers in the table; the numbers beside the page have more."""


def build_sections(found: dict[str, Any]) -> list[Section]:
    """Of the build that is known, or the way to one."""
    built = found.get("built")
    if built is None:
        return []
    if "layout" not in built:
        return [Section("The floor plan", [
            f"{built['why']}; with a routed build this page shows it, and its slowest paths:",
            built["how"]], (), ())]
    layout = built["layout"]
    return [_floor_plan(built, layout), _paths(built, layout), *_latest(layout)]


def _floor_plan(built: Mapping[str, Any], layout: Mapping[str, Any]) -> Section:
    cells: Counter[str] = Counter()
    blocks: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for unit, kinds in layout["units"].items():
        cells[unit] += sum(kinds.get(LOGIC, ())[2::3])
        for kind in BLOCKS:
            blocks[unit][kind] += sum(kinds.get(kind, ())[2::3])
    order = [unit for unit, _ in cells.most_common()]
    words = [f"{built['folder']}: {built['fmax_mhz']:.1f} MHz of {built['clock_mhz']:g} wanted."]
    if not built["same_machine"]:
        words.append("It is of another shape than what is estimated on this page.")
    words.append("Each tile has the colour of the unit that has most of it, and is drawn the "
                 "larger the fuller it is; memories and multipliers are framed.")
    return Section(
        "The floor plan", words,
        ("unit", "logic cells", "memories", "multipliers"),
        [(_short(unit), cells[unit], blocks[unit]["memory"], blocks[unit]["multiplier"])
         for unit in order if cells[unit] or sum(blocks[unit].values())],
        floor_plan("what lies where on the die", tuple(layout["tiles"]),
                   [*_areas(layout["units"], order)], _way(layout)))


def _areas(units: Mapping[str, Mapping[str, list[int]]], order: list[str]) -> Iterator[Area]:
    """The largest units, and the rest of them as one."""
    named = order[:len(COLOURS)]
    name_of = {unit: _short(unit) if unit in named else REST for unit in order}
    tiles: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    blocks: defaultdict[str, list[tuple[int, int, float]]] = defaultdict(list)
    for unit, kinds in units.items():
        for column, row, count in _triples(kinds.get(LOGIC, [])):
            tiles[column, row][name_of[unit]] += count
        for kind in BLOCKS:
            blocks[name_of[unit]] += [
                (column, row, 1.0) for column, row, _ in _triples(kinds.get(kind, []))]
    most = max((count.total() for count in tiles.values()), default=1)
    logic: defaultdict[str, list[tuple[int, int, float]]] = defaultdict(list)
    for (column, row), count in tiles.items():
        logic[count.most_common(1)[0][0]].append((column, row, count.total() / most))
    for name in dict.fromkeys(name_of.values()):
        yield Area(name, logic[name], blocks[name])


def _triples(flat: list[int]) -> Iterator[tuple[int, int, int]]:
    return zip(flat[0::3], flat[1::3], flat[2::3], strict=True)


def _way(layout: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The tiles along the slowest path of the clock."""
    if not layout["paths"]:
        return []
    slowest = max(layout["paths"], key=lambda path: path["delay"])
    return [tuple(step["at"]) for step in slowest["steps"]]


def _paths(built: Mapping[str, Any], layout: Mapping[str, Any]) -> Section:
    paths = layout["paths"]
    names = [f"{number}: {_domain(path['from'])} to {_domain(path['to'])}"
             for number, path in enumerate(paths, 1)]
    rows = [(number, step["kind"], float(step["delay"]), f"{_short(step['cell'])}.{step['port']}",
             f"{step['at'][0]}, {step['at'][1]}")
            for number, path in enumerate(paths, 1) for step in path["steps"]]
    return Section(
        "The slowest paths", [
            "From each clock, or from pins, to each: nanoseconds, of "
            f"{1e3 / built['clock_mhz']:.2f} that the clock leaves."],
        ("path", "", "nanoseconds", "to", "column, row"), rows,
        parts_of_bars("the slowest paths", {"logic": 0, "routing": 1}, [
            (name, [sum(step["delay"] for step in path["steps"]
                        if (step["kind"] == "routing") == routed) for routed in (False, True)])
            for name, path in zip(names, paths, strict=True)], "ns") if paths else "")


def _latest(layout: Mapping[str, Any]) -> list[Section]:
    if not layout["latest"]:
        return []
    return [Section(
        "Where data arrive last", [
            "Registers by the latest of their inputs, without the set-up time, in nanoseconds; "
            "what drives it is beside."],
        ("nanoseconds", "register", "from", "inputs"),
        [(float(one["delay"]), one["register"], one["from"], one["bits"])
         for one in layout["latest"][:MOST_LATEST]])]


def _short(unit: str) -> str:
    return unit.removeprefix("serial.").removeprefix("core.")


def _domain(name: str) -> str:
    if name.startswith("<"):
        return "pins"
    clock = name.split()[-1]
    return "no clock" if clock.startswith(UNCLOCKED) else clock.split(".")[-1]

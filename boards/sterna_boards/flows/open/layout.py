"""What a build keeps of its routed design: what lies where on the die, and how slow it is.

A JSON object of `layout`: ``tiles`` (columns and rows of the die), ``units`` (of each unit by kind
of cell, a flat list of column, row and count of the tiles that it is in), ``paths`` (the slowest
path from each clock to each clock, step by step) and ``latest`` (where data arrive last, a line
for each register). Columns count from the left and rows as nextpnr counts them, delays are
nanoseconds.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sterna_boards.flows.open.report import BLOCK_RAMS, DSPS, SINGLE_PORT_RAMS
from sterna_boards.flows.open.units import unit_of

LOGIC, MEMORY, MULTIPLIER, OTHER = "logic", "memory", "multiplier", "pins and clocks"
MOST_LATEST = 40
"""Registers of which it is told when their data arrive."""
_PLACE = re.compile(r"X(\d+)/?Y(\d+)/(.*)")
_TILES = {"12F": (73, 51), "25F": (73, 51), "45F": (91, 72), "85F": (127, 96), "UP5K": (26, 32),
          "GW1N": (47, 29), "GW2A": (56, 55)}
"""Columns and rows of a die, by a part of the device's name."""
_LOGIC = ("TRELLIS_", "ICESTORM_LC", "LUT", "DFF", "ALU", "RAM16", "MUX2")
_CELL = re.compile(r"(_(SB|TRELLIS|LUT4|PFUMX|L6MUX21|CCU2C|DFF|ALU|DP16KD|MULT|DSP)[A-Z0-9_]|\$)")
"""Where a cell's name goes on with what the tools have put behind that of its wire."""


def layout(placed: Mapping[str, Any], report: Mapping[str, Any], device: str) -> dict[str, Any]:
    """Of the design that nextpnr wrote, and its timing report."""
    units = _units(placed)
    return {"tiles": _tiles(units, device), "units": units, "paths": _paths(report),
            "latest": _latest(report)}


def keep_layout(placed: Path, report: Path, device: str, target: Path) -> None:
    """Write the layout, and leave what only it needs out of the report."""
    found = json.loads(report.read_text())
    target.write_text(json.dumps(layout(json.loads(placed.read_text()), found, device)))
    found.pop("detailed_net_timings", None)
    report.write_text(json.dumps(found))


def _units(placed: Mapping[str, Any]) -> dict[str, dict[str, list[int]]]:
    counts: defaultdict[tuple[str, str], Counter[tuple[int, int]]] = defaultdict(Counter)
    for module in placed["modules"].values():
        for name, cell in module.get("cells", {}).items():
            place = _PLACE.fullmatch(cell.get("attributes", {}).get("NEXTPNR_BEL", ""))
            if place is not None:
                where = int(place[1]), int(place[2])
                counts[unit_of(name), _kind(cell["type"], place[3])][where] += 1
    units: dict[str, dict[str, list[int]]] = {}
    for (unit, kind), tiles in sorted(counts.items()):
        units.setdefault(unit, {})[kind] = [
            number for (x, y), count in sorted(tiles.items()) for number in (x, y, count)]
    return units


def _kind(cell: str, place: str) -> str:
    if cell in (BLOCK_RAMS | SINGLE_PORT_RAMS) or place.startswith(("BSRAM", "EBR")):
        return MEMORY
    if cell in DSPS or place.startswith(("MULT", "DSP")):
        return MULTIPLIER
    return LOGIC if cell.startswith(_LOGIC) else OTHER


def _tiles(units: Mapping[str, Mapping[str, list[int]]], device: str) -> list[int]:
    """Of the die, or where it is not known, of what is used of it."""
    columns, rows = next((size for name, size in _TILES.items() if name in device), (0, 0))
    flat = [tiles for kinds in units.values() for tiles in kinds.values()]
    return [max([columns, *(1 + x for tiles in flat for x in tiles[0::3])]),
            max([rows, *(1 + y for tiles in flat for y in tiles[1::3])])]


def _paths(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"from": path["from"], "to": path["to"],
             "delay": sum(step["delay"] for step in path["path"]),
             "steps": [{"kind": step["type"], "delay": step["delay"], "cell": step["to"]["cell"],
                        "port": step["to"]["port"], "at": step["to"]["loc"]}
                       for step in path["path"]]}
            for path in report["critical_paths"]]


def _latest(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Registers by when their data arrive, without their set-up time, and from which unit."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    way = _way_of_the_clock(report)
    for net in report.get("detailed_net_timings", ()):
        for end in net["endpoints"]:
            if end["event"].startswith("<"):  # a pin
                continue
            delay = _most(end["delay"]) - way
            at = register_of(end["cell"]), end["event"]
            one = found.setdefault(at, {"register": at[0], "clock": end["event"], "bits": 0,
                                        "delay": 0.0, "from": ""})
            one["bits"] += 1
            if delay > one["delay"]:
                one |= {"delay": delay, "from": register_of(net["driver"])}
    return sorted(found.values(), key=lambda one: (-one["delay"], one["register"]))[:MOST_LATEST]


def _way_of_the_clock(report: Mapping[str, Any]) -> float:
    """Nanoseconds that arrivals are later than the paths that end there.

    nextpnr-ice40 0.11.1 counts the clock's way to the first register in an arrival, of some 0.9 ns,
    and not in a path (findings/nextpnr_ice40_arrives_later_than_its_path.sh); others count neither.
    """
    arrivals: dict[tuple[str, str], float] = {}
    for net in report.get("detailed_net_timings", ()):
        for end in net["endpoints"]:
            at = end["cell"], end["port"]
            arrivals[at] = max(arrivals.get(at, 0.0), _most(end["delay"]))
    later = [0.0]
    for path in report["critical_paths"]:
        steps = [step for step in path["path"] if step["type"] != "setup"]
        at = steps[-1]["to"]["cell"], steps[-1]["to"]["port"]
        if at in arrivals:
            later.append(arrivals[at] - sum(step["delay"] for step in steps))
    return max(later)


def _most(delay: float | Iterable[float]) -> float:
    """Releases of nextpnr give one number, or the least and the most."""
    return float(delay) if isinstance(delay, int | float) else float(max(delay))


def register_of(cell: str) -> str:
    """The wire that a cell drives, as the design names it."""
    name = cell.removeprefix("serial.")
    found = _CELL.search(name, 1)
    return name if found is None else name[:found.start()]

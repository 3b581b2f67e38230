"""Large ECP5 designs: placed and routed by two calls of nextpnr, each for more than the clock.

Its default router takes hours for a large design. The other one lets wires go round about where
they are not critical, and what that makes too slow is routed again only when it is told to; it
ends when nothing is too slow, or after 1,500 turns (router2.cc, ``tmg_ripup``).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from sterna.errors import CheckError

LANES = 512
"""Ternary lanes from which a design is large."""
PLACED = "placed.json"
PLACE_ONLY = ("--placer-heap-timingweight", "40", "--no-route")
ROUTE_ONLY = ("--no-pack", "--no-place", "--router", "router2", "--tmg-ripup")
"""Options of the two calls."""
ROUND_ABOUT = {"router2/bbMargin/x": "6", "router2/bbMargin/y": "6"}
"""Settings of the router that no option of nextpnr gives: how many tiles a wire may leave the
rectangle of its ends. By its 3 there is no way round where wires are crowded."""
ROUTED_FOR = 1.02
"""How many times its clock a design is routed for: what the router takes a path for is a little
less than what it is in the end."""
_PLACED_FOR = 1.5
"""How many times its clock it is placed for. nextpnr divides what a path has to spare by the
period: the shorter that is, the better it tells the slow paths from the others."""
_MOST_TURNS = 200
"""Turns of the router after which it is stopped: it had found a way in 103 at most, or in none."""
_FREQUENCY = re.compile(r"^(FREQUENCY PORT \S+ )([\d.]+) HZ", re.MULTILINE)
_PROMISE = re.compile(r"Max frequency for clock .*: ([\d.]+) MHz")
_TURN = re.compile(r" iter=\d+ ")


class NotRouted(CheckError):
    """A placement that the router finds no way for."""


class Unpromising(NotRouted):
    """A placement that promises less than its clock, and was not routed."""


def part_placement(constraints: Path, plan: Path) -> None:
    """Make two calls of the one between synthesis and packing: place by timing, then route."""
    constraints.write_text(_FREQUENCY.sub(
        lambda match: f"{match[1]}{float(match[2]) * _PLACED_FOR:.1f} HZ",
        constraints.read_text()))
    values = json.loads(plan.read_text())
    synthesis, both, pack = values["commands"]
    constrained = both.index("--lpf")
    route = both[:constrained] + both[constrained + 2:]
    route[route.index("--json") + 1] = PLACED
    clock = route.index("--freq") + 1
    route[clock] = f"{float(route[clock]) * ROUTED_FOR:.4f}"
    values["commands"] = [
        synthesis, [*both, *PLACE_ONLY, "--write", PLACED], [*route, *ROUTE_ONLY], pack]
    plan.write_text(json.dumps(values))


def set_router(placed: Path) -> None:
    """Put `ROUND_ABOUT` into the result of a placement, in place of options of the placement: the
    settings in there win over the options of the routing."""
    design = json.loads(placed.read_text())
    for module in design["modules"].values():
        for setting in ("router", "target_freq", "timing_driven"):
            module.get("settings", {}).pop(setting, None)
        module["settings"] = module.get("settings", {}) | ROUND_ABOUT
    placed.write_text(json.dumps(design))


def check_promise(log: Path, seed: int, clock_hz: float) -> None:
    """Raise `Unpromising` when the placement's own estimate is below the clock.

    Routing such a placement takes its time, and then mostly fails.
    """
    promises = [float(number) for number in _PROMISE.findall(_text(log))]
    if promises and min(promises) * 1e6 < clock_hz:
        raise Unpromising(f"the placement of seed {seed} promises {min(promises):.1f} MHz only")


def check_turns(log: Path, seed: int) -> None:
    """Raise `NotRouted` when the router has taken too many turns."""
    if len(_TURN.findall(_text(log))) > _MOST_TURNS:
        raise NotRouted(
            f"the placement of seed {seed} is not routed after {_MOST_TURNS} turns of the router")


def _text(log: Path) -> str:
    return log.read_text() if log.is_file() else ""

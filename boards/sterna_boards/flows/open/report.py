"""What nextpnr says of a routed design, and what a build says to the user."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sterna.errors import InputError

LAYOUT = "layout.json"
"""Beside the bitstream: what lies where, and how slow it is, see `flows.open.layout`."""
_LUTS = {"TRELLIS_COMB": 1, "ICESTORM_LC": 1, "LUT4": 1, "ALU": 1, "RAM16SDP4": 4}
_FLIP_FLOPS = {"TRELLIS_FF": 1, "DFF": 1}
BLOCK_RAMS = {"DP16KD": 1, "ICESTORM_RAM": 1, "BSRAM": 1}
DSPS = {"MULT18X18D": 1, "ICESTORM_DSP": 1, "MULT18X18": 1, "MULTADDALU18X18": 2,
         "MULTALU18X18": 1, "MULT9X9": 0.5, "MULT36X36": 4, "MULTALU36X18": 2}
SINGLE_PORT_RAMS = {"ICESTORM_SPRAM": 1}
TIED = "$PACKER_"
"""What nextpnr calls clocks of cells that have none begins so."""
MULTIPLIER_NS = 9.05
"""The longest way through a multiplier of an iCE40 UP5K without registers, 16 by 16 bits, slow
corner: timings of Project IceStorm, SB_MAC16_MUL_S_16X16_BYPASS, B[1] to O[31]."""


@dataclass(frozen=True)
class Area:
    """Cells used. ``luts`` counts everything that takes a look-up table: logic, carry, memory."""

    luts: int
    ffs: int
    block_rams: int
    dsps: int
    single_port_rams: int


@dataclass(frozen=True)
class TimingPath:
    """A register to register path; delays in nanoseconds."""

    source: str
    sink: str
    logic: float
    routing: float
    steps: int
    cells: tuple[str, ...]

    @property
    def delay(self) -> float:
        """Logic and routing together."""
        return self.logic + self.routing

    def __str__(self) -> str:
        return (f"{self.source} to {self.sink}: {self.delay:.2f} ns in {self.steps} steps "
                f"(logic {self.logic:.2f}, routing {self.routing:.2f})")


@dataclass(frozen=True)
class Routed:
    """One placed and routed design."""

    area: Area
    fmax_mhz: float
    """Of the clock that was asked for."""
    timing_met: bool
    """All clocks hold."""
    critical_path: TimingPath | None


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What came of a build; one object for `--json`."""

    board: str
    device: str
    design: str
    bitstream: Path
    clock_mhz: float
    fmax_mhz: float
    """Of the bitstream, the best of the seeds."""
    timing_met: bool
    seeds: dict[int, float]
    """Highest clock of each seed in megahertz."""
    lanes: int
    luts: int
    luts_per_lane: float | None
    ffs: int
    block_rams: int
    dsps: int
    single_port_rams: int
    critical_path: str
    logs: tuple[Path, ...]
    tools: dict[str, str]
    units: dict[str, int] = field(default_factory=dict)
    """Look-up tables by unit, before packing; see `luts_by_unit`."""
    unit_ffs: dict[str, int] = field(default_factory=dict)
    """Flip-flops by unit, before packing."""

    @property
    def layout(self) -> Path:
        """The file `LAYOUT` of the bitstream."""
        return self.bitstream.with_name(LAYOUT)

    def to_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(asdict(self), default=str)


def read_report(path: Path, clock_hz: float, netlist: dict[str, Any] | None = None,
                asked: float = 1.0) -> Routed:
    """Read the JSON that ``nextpnr --report`` wrote.

    ``netlist`` is yosys' JSON, for iCE40 reports, which do not count flip-flops; ``asked`` is how
    many times the clocks the routing was asked for. Raises `InputError` when the report knows no
    clock near ``clock_hz``.
    """
    report = json.loads(path.read_text())
    clocks = report["fmax"]
    for clock in clocks.values():
        clock["constraint"] /= asked
    own = {name: clock for name, clock in clocks.items()
           if abs(clock["constraint"] * 1e6 - clock_hz) < 0.005 * clock_hz}
    if not own:
        raise InputError(f"{path}: no clock of {clock_hz / 1e6:g} MHz, only {', '.join(clocks)}")
    through = {name: way for name in clocks
               if (way := _through_multiplier(report["critical_paths"], name)) is not None}
    for name, way in through.items():
        clocks[name]["achieved"] = min(clocks[name]["achieved"], 1e3 / way.delay)
    slowest = min(own, key=lambda name: own[name]["achieved"])
    inside, passing = _critical_path(report["critical_paths"], slowest), through.get(slowest)
    return Routed(
        area=_area(report["utilization"], netlist),
        fmax_mhz=own[slowest]["achieved"],
        timing_met=all(clock["achieved"] >= clock["constraint"] for clock in clocks.values()),
        critical_path=max((found for found in (inside, passing) if found is not None),
                          key=lambda found: found.delay, default=None),
    )


def _area(utilization: dict[str, dict[str, int]], netlist: dict[str, Any] | None) -> Area:
    def count(weights: dict[str, Any]) -> int:
        used = sum(weight * utilization.get(cell, {}).get("used", 0)
                   for cell, weight in weights.items())
        return int(used + 0.5)

    flip_flops = count(_FLIP_FLOPS)
    if netlist is not None and not _FLIP_FLOPS.keys() & utilization.keys():
        flip_flops = sum(cell["type"].startswith("SB_DFF") for module in netlist["modules"].values()
                         for cell in module.get("cells", {}).values())
    return Area(count(_LUTS), flip_flops, count(BLOCK_RAMS), count(DSPS),
                count(SINGLE_PORT_RAMS))


def _critical_path(paths: list[dict[str, Any]], clock: str) -> TimingPath | None:
    inside = _between(paths, clock, clock)
    return _timing_path(inside[0]) if inside else None


def _through_multiplier(paths: list[dict[str, Any]], clock: str) -> TimingPath | None:
    """The longest way from registers of a clock through a multiplier without registers to others.

    nextpnr-ice40 0.11.1 ends paths at such a DSP and begins others there, of a clock that is tied
    low, and adds nothing for what lies between (findings/nextpnr_ice40_multipliers_end_paths.sh).
    At most this long: both parts are the slowest of all multipliers.
    """
    tied = {end for path in paths for end in (path["from"].split()[-1], path["to"].split()[-1])
            if end.startswith(TIED)}
    ways = [_timing_path([*left[:-1], {**left[-1], "delay": MULTIPLIER_NS}, *right[1:]])
            for low in sorted(tied) for left in _between(paths, clock, low)
            for right in _between(paths, low, clock)]
    return max(ways, key=lambda way: way.delay, default=None)


def _between(paths: list[dict[str, Any]], first: str, last: str) -> list[list[dict[str, Any]]]:
    """The steps of the paths from one clock to another."""
    return [path["path"] for path in paths
            if path["from"].split()[-1] == first and path["to"].split()[-1] == last]


def _timing_path(steps: list[dict[str, Any]]) -> TimingPath:
    routing = sum(step["delay"] for step in steps if step["type"] == "routing")
    total = sum(step["delay"] for step in steps)
    cells = tuple(step["to"]["cell"] for step in steps if step["type"] == "routing")
    return TimingPath(steps[0]["from"]["cell"], steps[-1]["to"]["cell"], total - routing, routing,
                 len(steps), cells)

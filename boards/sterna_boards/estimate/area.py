"""Area and clock of an accelerator without synthesis.

Each unit's look-up tables and flip-flops are modelled as non-negative factors times a few terms of
the configuration (`unit_terms`). The clock falls with a power of the look-up tables: longer ways.
The factors of every family stand in `area.json`. Their proportions are those of netlists of six
small configurations and of the engine of tables alone (8 by 96); `scripts/fit_area.py` scales them
to the builds in `baseline.json`. A family without a build keeps those of netlists, and has no
clock; on iCE40 ``packing`` is that of a packed design, where most flip-flops take cells of their
own. The SDRAM's controller and the forks of several token streams were synthesised alone, for ECP5;
the controller is scaled to the ULX3S build that has it, and all families have the same factors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sterna.errors import CheckError, InputError
from sterna.machine.configuration import HardwareConfiguration

FACTORS_FILE = Path(__file__).parent / "area.json"
CLOCK_LUTS = 10_000
"""Look-up tables of the design whose clock is a family's factor."""
FORKS = "forks"
"""What hands commands, weights and constants to the data paths of several token streams."""
_BETWEEN = re.compile(r"(top|clock|uart)(\.\w+)?|[rt]x\$\d+|core"
                      r"(\.(link|result|counters|commands|head|matmuls|start\$\d+"
                      r"|commands__payload\$\d+))?")
"""What is counted as `OTHER`: link, counters and wires between units."""
OTHER = "other"
"""Everything that `unit_terms` has no name for: link, counters, clock and borders."""


@dataclass(frozen=True)
class AreaEstimate:
    """Estimated cells. ``units`` splits ``luts`` as `BuildReport.units` does."""

    luts: int
    ffs: int
    dsps: int
    units: dict[str, int]


def unit_terms(configuration: HardwareConfiguration) -> dict[str, tuple[float, ...]]:
    """The terms that the area of each unit is linear in, by its name in a netlist."""
    rows, columns = configuration.rows, configuration.columns
    lanes, vector_lanes = configuration.lanes, configuration.vector_lanes
    group = vector_lanes * configuration.word_bits
    engine = (lanes, rows, columns)
    adders = engine if configuration.lane == "adders" else (0, 0, 0)
    # Each lane of tables has a look-up and a node of an adder tree; other parts are small.
    tables = lanes if configuration.lane == "tables" else 0
    word = 8 * configuration.weight_bytes
    if configuration.weight_source == "sdram":
        # A controller, and a gearbox that rotates beats unless words are several whole ones.
        whole = _words_are_whole_beats(configuration)
        weights = (0, 0, 1, configuration.memory_bits, 0 if whole else word, word if whole else 0)
    else:
        weights = (1, lanes, 0, 0, 0, 0)
    streams = configuration.streams
    forks = streams if streams > 1 else 0

    def each(*terms: float) -> tuple[float, ...]:
        return tuple(streams * term for term in terms)

    return {
        "core.engine": each(1, *adders, tables),
        "core.vector": each(1, group, configuration.vector_registers * group),
        "core.splitter": each(1, rows, group),
        "core.top_k": each(1, configuration.top_k),
        "core.sequencer": (1,),
        "core.weights": weights,
        "core.constants": (1, group),
        "core.inputs": each(1, group),
        FORKS: (forks, forks * (word + group)),
        OTHER: (1, group),
    }


def _words_are_whole_beats(configuration: HardwareConfiguration) -> bool:
    """Whether nothing is rotated, see `sterna_hw.memory.gearbox` and `dense_words`."""
    beat = configuration.memory_bits // 8
    while beat > configuration.weight_bytes:
        beat //= 2
    return configuration.weight_bytes % beat == 0


def dsps(family: str, configuration: HardwareConfiguration) -> int:
    """Multipliers as synthesis maps them: two in each vector lane, one in the scalar unit.

    Every token stream has its own.

    The DSPs of an iCE40 are 16 bits wide: longer words take three for each product. Of shorter ones
    yosys gives all sums of squares one, as counted with one and two lanes.
    """
    lanes = 2 * configuration.vector_lanes
    if family == "ice40" and configuration.word_bits <= 16:
        return configuration.streams * (2 + configuration.vector_lanes)
    return configuration.streams * (1 + lanes * (3 if family == "ice40" else 1))


def estimate_area(family: str, configuration: HardwareConfiguration) -> AreaEstimate:
    """Area of the accelerator with its board's clock and link.

    Raises `InputError` for a family of which nothing was ever synthesised.
    """
    if family not in _factors():
        raise InputError(f"{family}: no accelerator was synthesised for this family yet; "
                         "scripts/measure_projects.py BOARD does it")
    factors = _factors()[family]
    terms = unit_terms(configuration)
    units = {name: _dot(factors["luts"][name], values) for name, values in terms.items()}
    flip_flops = sum(_dot(factors["ffs"][name], values) for name, values in terms.items())
    # Placement adds look-up tables that pass a signal or feed a carry chain.
    scale = factors["packing"]
    return AreaEstimate(
        luts=round(scale * sum(units.values())),
        ffs=round(flip_flops),
        dsps=dsps(family, configuration),
        units={name: round(scale * value) for name, value in units.items()},
    )


def expected_mhz(family: str, luts: int) -> float | None:
    """Clock that the best of three placements is expected to reach; None for a family unmeasured.

    ``mhz * (luts / CLOCK_LUTS) ** -slope``: every family has its own ``mhz``, the slope is that of
    the families with several builds.
    """
    clock = _factors()[family].get("clock")
    if clock is None:
        return None
    mhz, slope = clock
    return mhz * (luts / CLOCK_LUTS) ** -slope


def group_units(cells: Mapping[str, int]) -> dict[str, int]:
    """Cells by the names of `unit_terms`, from cells by the names of a netlist.

    Raises `CheckError` for a name that is neither one of those nor known to be between units.
    """
    known = unit_terms(HardwareConfiguration())
    grouped = dict.fromkeys(known, 0)
    for name, count in cells.items():
        if name not in known and not _BETWEEN.fullmatch(name):
            raise CheckError(f"area: the netlist has a unit {name}, {count} cells, of which the "
                             "model knows no terms: give it some in `unit_terms`")
        grouped[name if name in known else OTHER] += count
    return grouped


def _dot(factors: list[float], terms: tuple[float, ...]) -> float:
    return sum(factor * term for factor, term in zip(factors, terms, strict=True))


@cache
def _factors() -> dict:
    return json.loads(FACTORS_FILE.read_text())

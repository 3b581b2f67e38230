"""Area of an accelerator without synthesis: a sum over its units of linear terms.

Each unit's look-up tables and flip-flops are modelled as non-negative factors times a few terms of
the configuration (`unit_terms`). The factors of every family stand in `area.json`;
`scripts/fit_area.py` fits them to the builds in `baseline.json`. While that is empty they are those
of netlists of six small configurations, of the engine of tables alone (8 by 96), and of one placed
ECP5 design, whose ratio of placed to synthesised look-up tables stands for all families.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sterna.program.configuration import HardwareConfiguration

FACTORS_FILE = Path(__file__).parent / "area.json"
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
    return {
        "core.engine": (1, *adders, tables),
        "core.vector": (1, group),
        "core.splitter": (1, rows, group),
        "core.top_k": (1, configuration.top_k),
        "core.sequencer": (1,),
        "core.weights": (1, lanes),
        "core.constants": (1, group),
        "core.inputs": (1, group),
        OTHER: (1, group),
    }


def dsp_terms(configuration: HardwareConfiguration) -> tuple[float, ...]:
    """The terms that the multipliers are linear in: those of the scalar unit and of each lane."""
    return (1, configuration.vector_lanes)


def estimate_area(family: str, configuration: HardwareConfiguration) -> AreaEstimate:
    """Area of the accelerator with its board's clock and link."""
    factors = _factors()[family]
    terms = unit_terms(configuration)
    units = {name: _dot(factors["luts"][name], values) for name, values in terms.items()}
    flip_flops = sum(_dot(factors["ffs"][name], values) for name, values in terms.items())
    # Placement adds look-up tables that pass a signal or feed a carry chain.
    scale = factors["packing"]
    return AreaEstimate(
        luts=round(scale * sum(units.values())),
        ffs=round(flip_flops),
        dsps=round(_dot(factors["dsps"], dsp_terms(configuration))),
        units={name: round(scale * value) for name, value in units.items()},
    )


def group_units(cells: Mapping[str, int]) -> dict[str, int]:
    """Cells by the names of `unit_terms`, from cells by the names of a netlist."""
    known = unit_terms(HardwareConfiguration())
    grouped = dict.fromkeys(known, 0)
    for name, count in cells.items():
        grouped[name if name in known else OTHER] += count
    return grouped


def _dot(factors: list[float], terms: tuple[float, ...]) -> float:
    return sum(factor * term for factor, term in zip(factors, terms, strict=True))


@cache
def _factors() -> dict:
    return json.loads(FACTORS_FILE.read_text())

"""Area and clock of an accelerator without synthesis.

Look-up tables and flip-flops of each part are modelled as factors times a few terms of the machine
(`sterna_boards.estimate.terms`). The clock falls with a power of the look-up tables: longer ways.
The factors of every family stand in `area.json`. Their proportions are those of netlists of six
small machines and of the engine of tables alone (8 by 96); `scripts/fit_area.py` scales them to the
builds in `baseline.json`. A family without a build keeps those of netlists, and has no clock; on
iCE40 ``packing`` is that of a packed design, where most flip-flops take cells of their own. The
SDRAM's controller and the forks of several token streams were synthesised alone, for ECP5; the
controller is scaled to the ULX3S build that has it, and all families have the same factors. So was
the head, for what it takes to compare several words in a clock, what unpacks dense triples, and
what a row of the engine takes for two, three and five planes (4 rows of 24 tables, accumulators of
22 bits): powers of three, and the shift of what is delivered. Of
the KV260's, which has that, yosys names 1,178 look-up tables after the engine's port of weights;
here they are counted as what unpacks them. What texts that share a data path add stands in
`sterna.machine.texts`.

Those of neurons, synapses and what walks through a time step are of `l2mu` as placed on an
iCEBreaker (2 lanes, 1 neuron lane) and on a ULX3S 85F (16 and 4), for each register bit of a
pipeline; other parts are taken to be like the latter. Families of which only these are there have
no machines with other units.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sterna.errors import CheckError, InputError
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
from sterna.machine.texts import TEXTS
from sterna.machine.unit import OTHER

from sterna_boards.estimate.components import components
from sterna_boards.estimate.multipliers import dsps
from sterna_boards.estimate.terms import area_terms

FACTORS_FILE = Path(__file__).parent / "area.json"
TWIN_FAMILIES = frozenset({"xc7", "xcup", "stratix10"})
"""Whose memory cells hold the second set of ``twin_tables`` beside the first."""
CLOCK_LUTS = 10_000
"""Look-up tables of the design whose clock is a family's factor."""
_PARTS = {"core.rows": "core.weights", "core.input": "core.inputs", "core.state_access": "read",
          **{f"core.results_{text}": "core.top_k" for text in range(max(TEXTS))}}
"""Parts that have the terms of another: the controller of an SDRAM is the same for rows; where
texts share a data path, the list of the best stands with what splits its words off."""
_BETWEEN = re.compile(r"(top|clock|uart|sdram)(\.\w+)?|[rt]x\$\d+|core"
                      r"(\.((link|result|counters|commands(__payload|_fork)?|head|matmuls(_fork)?|"
                      r"path__\w+)"
                      r"(\$\d+)?|start\$\d+))?")
"""What is counted as `OTHER`: link, counters and wires between units."""


@dataclass(frozen=True)
class AreaEstimate:
    """Estimated cells. ``units`` splits ``luts`` as `BuildReport.units` does."""

    luts: int
    ffs: int
    dsps: int
    units: dict[str, int]


def estimate_area(family: str, machine: Machine) -> AreaEstimate:
    """Area of the accelerator with its board's clock and link.

    Raises `InputError` for a unit without terms, for twin tables where they have no room, and for a
    family of which no accelerator with such units was ever synthesised.
    """
    if family not in TWIN_FAMILIES and any(unit.tables_a_cell > 1 for unit in machine.units):
        raise InputError(
            f"lane: two sets of tables have room where memory cells hold 32 words, which those of "
            f"{family} do not; give tables")
    known = _factors().get(family, {"packing": 1.0, "luts": {}, "ffs": {}})
    factors, terms = with_own(known, machine), area_terms(machine)
    if missing := terms.keys() - factors["luts"].keys():
        raise InputError(
            f"{family}: no accelerator was synthesised for this family yet that has "
            f"{min(missing)}; scripts/measure_projects.py BOARD does it")
    parts = [name for name in factors["luts"] if name in terms]
    luts = {name: _dot(factors["luts"][name], terms[name]) for name in parts}
    flip_flops = sum(_dot(factors["ffs"][name], terms[name]) for name in parts)
    # Placement adds look-up tables that pass a signal or feed a carry chain.
    scale = factors["packing"]
    return AreaEstimate(
        luts=round(scale * sum(luts.values())),
        ffs=round(flip_flops),
        dsps=dsps(family, machine),
        units={name: round(scale * value) for name, value in luts.items()},
    )


def with_own(known: Mapping[str, Any], machine: Machine) -> dict[str, Any]:
    """The factors of a family, and those that units of a machine bring."""
    own = {part: both for unit in machine.units for part, both in unit.area_factors().items()}
    luts = {part: luts for part, (luts, _) in own.items()}
    flip_flops = {part: flip_flops for part, (_, flip_flops) in own.items()}
    return {**known, "luts": known["luts"] | luts, "ffs": known["ffs"] | flip_flops}


def expected_mhz(family: str, machine: Any, luts: int) -> float | None:
    """Clock that the best of three placements is expected to reach.

    None for a family that is unmeasured, and without a ternary engine, of which the builds are.

    ``mhz * (luts / CLOCK_LUTS) ** -slope``: every family has its own ``mhz``, the slope is that of
    the families with several builds.
    """
    clock = _factors()[family].get("clock")
    if clock is None or "ternary" not in components(machine):
        return None
    mhz, slope = clock
    return mhz * (luts / CLOCK_LUTS) ** -slope


def group_units(cells: Mapping[str, int], machine: Machine | None = None) -> dict[str, int]:
    """Cells by the names of `area_terms`, from cells by the names of a netlist of the machine, one
    that has only units of token machines unless it is given.

    Raises `CheckError` for a name that is neither one of those nor known to be between units.
    """
    known = area_terms(token_machine())
    if machine is not None:
        known |= area_terms(machine)
    grouped = dict.fromkeys(known, 0)
    for found, count in cells.items():
        name = _PARTS.get(found, found)
        if name.removeprefix("core.") in known:  # parts that units bring have no such prefix
            name = name.removeprefix("core.")
        if name not in known and not _BETWEEN.fullmatch(name):
            raise CheckError(f"area: the netlist has a unit {name}, {count} cells, of which the "
                             "model knows no terms: give it some in terms.py")
        grouped[name if name in known else OTHER] += count
    return grouped


def _dot(factors: list[float], terms: tuple[float, ...]) -> float:
    return sum(factor * term for factor, term in zip(factors, terms, strict=True))


@cache
def _factors() -> dict:
    return json.loads(FACTORS_FILE.read_text())

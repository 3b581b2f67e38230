"""Fit the factors of the area model to the measured builds, and tell how well they fit.

    python scripts/fit_area.py [--file FILE] [-o FILE]

Each unit's factors keep their proportions, which are those of netlists of small machines, and
are scaled so that they give the unit's cells over all builds of the family. The clock of a build is
that of its best seed; of a family only builds on its slowest speed grade tell the clock, which the
others exceed. Families without a build keep their factors; fitting again changes nothing.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sterna_boards.catalogue import find_board
from sterna_boards.estimate.area import (
    CLOCK_LUTS,
    FACTORS_FILE,
    group_units,
    with_own,
)
from sterna_boards.estimate.terms import area_terms
from sterna_boards.measured.baseline import BASELINE_FILE, Measured, read_baseline

SAME_CELLS = {"gw1n": "gw2a"}
"""Families whose area is that of another one; the clock is their own."""
DIGITS = 4
MET = 1.05
"""By how much of the wanted clock a build exceeds it that tells what could be reached: nextpnr's
second router goes on only until what is wanted is met."""


def scaled(factors: Sequence[float], terms: Sequence[Sequence[float]],
           counts: Sequence[float]) -> list[float]:
    """The factors times one number, so that all terms together give all counts together.

    Where the one or the other is nothing the factors stay, as does one whose term no build has.
    """
    table = np.asarray(terms, float)
    predicted = float(np.sum(table @ np.asarray(factors, float)))
    ratio = sum(counts) / predicted if predicted and sum(counts) else 1.0
    return [factor if round(ratio, DIGITS) == 1 or not column.any()
            else float(f"{ratio * factor:.6g}")
            for factor, column in zip(factors, table.T, strict=True)]


def fit_all(entries: Sequence[Measured], known: Mapping[str, dict]) -> dict[str, dict]:
    """The factors of every family, from those that are known."""
    families: dict[str, list[Measured]] = {}
    for entry in entries:
        families.setdefault(find_board(entry.board).family, []).append(entry)
    clocks = fit_clocks({family: telling(slowest(builds)) for family, builds in families.items()})
    result = {}
    for family, factors in known.items():
        own = [entry for other, builds in families.items() for entry in builds
               if SAME_CELLS.get(other, other) == SAME_CELLS.get(family, family)]
        result[family] = {**factors, **({"clock": clocks[family]} if family in clocks else {})}
        if own:
            result[family] |= _fit_area(own, factors)
    return result


def slowest(builds: Sequence[Measured]) -> list[Measured]:
    """Those on the slowest speed grade, which only names of ECP5 devices tell: ``LFE5U-85F-6…``."""
    grades = {entry.board: re.search(r"^LFE5\w+-\d+F-(\d)", find_board(entry.board).device)
              for entry in builds}
    numbers = {board: int(grade[1]) if grade else 0 for board, grade in grades.items()}
    return [entry for entry in builds if numbers[entry.board] == min(numbers.values())]


def telling(builds: Sequence[Measured]) -> list[Measured]:
    """Those that are well above the clock that was wanted; all, where none is."""
    above = [entry for entry in builds if max(entry.fmax_mhz) > MET * entry.clock_mhz]
    return above or [*builds]


def _fit_area(own: Sequence[Measured], factors: Mapping[str, dict]) -> dict[str, object]:
    fitted: dict[str, object] = {
        "packing": round(sum(entry.luts for entry in own)
                         / sum(sum(entry.units.values()) for entry in own), DIGITS)}
    for kind, units in (("luts", "units"), ("ffs", "unit_ffs")):
        fitted[kind] = {
            name: scaled(values, [area_terms(entry.machine)[name] for entry in own],
                         [group_units(getattr(entry, units), entry.machine)[name] for entry in own])
            if name in area_terms(own[0].machine) else values
            for name, values in factors[kind].items()}
    return fitted


def fit_clocks(families: Mapping[str, Sequence[Measured]]) -> dict[str, list[float]]:
    """Clock at `CLOCK_LUTS` and slope of every family: least squares of the logarithms.

    The slope is common and at least 0; families with one build say nothing of it.
    """
    means, across, along = {}, 0.0, 0.0
    for family, entries in families.items():
        sizes = np.log([entry.luts / CLOCK_LUTS for entry in entries])
        clocks = np.log([max(entry.fmax_mhz) for entry in entries])
        means[family] = float(sizes.mean()), float(clocks.mean())
        across += float((sizes - sizes.mean()) @ (clocks - clocks.mean()))
        along += float(((sizes - sizes.mean()) ** 2).sum())
    slope = max(0.0, -across / along) if along else 0.0
    return {family: [round(float(np.exp(clock + slope * size)), 2), round(slope, DIGITS)]
            for family, (size, clock) in means.items()}


def main() -> None:
    """Fit, write, and print measured and modelled area and clock of every build."""
    parser = argparse.ArgumentParser(description="Fit the area model to the measured builds.")
    parser.add_argument("--file", type=Path, default=BASELINE_FILE, help="the measured builds")
    parser.add_argument("-o", "--output", type=Path, default=FACTORS_FILE, help="the factors")
    arguments = parser.parse_args()
    entries = list(read_baseline(arguments.file).values())
    factors = fit_all(entries, json.loads(FACTORS_FILE.read_text()))
    arguments.output.write_text(json.dumps(factors, indent=1) + "\n")
    for entry in entries:
        family = with_own(factors[find_board(entry.board).family], entry.machine)
        terms = area_terms(entry.machine)
        luts = family["packing"] * sum(
            float(np.dot(family["luts"][name], values)) for name, values in terms.items())
        mhz, slope = family["clock"]
        print(f"{entry.board}: {entry.luts} LUTs measured, {luts:.0f} modelled "
              f"({luts / entry.luts - 1:+.1%}); {max(entry.fmax_mhz):.1f} MHz measured, "
              f"{mhz * (entry.luts / CLOCK_LUTS) ** -slope:.1f} modelled")


if __name__ == "__main__":
    main()

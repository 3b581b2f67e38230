"""Fit the factors of the area model to the measured builds, and tell how well they fit.

    python scripts/fit_area.py [--file FILE] [-o FILE]

Every unit's factors are fitted to all ECP5 builds, non-negative and with the least relative error;
a unit of another family takes those times the mean ratio of its own builds. The clock of a build is
that of its best seed. Families without a build keep the factors that the output file has for them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sterna_boards.area import CLOCK_LUTS, FACTORS_FILE, group_units, unit_terms
from sterna_boards.baseline import BASELINE_FILE, Measured, read_baseline
from sterna_boards.catalogue import find_board

REFERENCE = "ecp5"
ROUNDS = 20_000
RIDGE = 1e-4
"""Weight of small factors against a close fit: decides where builds leave factors open."""


def fit(terms: Sequence[Sequence[float]], counts: Sequence[float]) -> NDArray[np.float64]:
    """Non-negative factors with the least squared relative error: coordinate descent."""
    target = np.maximum(np.asarray(counts, float), 1.0)
    matrix = np.asarray(terms, float)
    scale = np.where(matrix.any(0), matrix.mean(0), 1.0)
    matrix = matrix / scale / target[:, None] * target.mean()
    goal = np.asarray(counts, float) / target * target.mean()
    gram = matrix.T @ matrix + RIDGE * len(goal) * np.eye(len(scale))
    correlation, factors = matrix.T @ goal, np.zeros(len(scale))
    for _ in range(ROUNDS):
        before = factors.copy()
        for place in range(len(factors)):
            rest = correlation[place] - gram[place] @ factors + gram[place, place] * factors[place]
            factors[place] = max(0.0, rest / gram[place, place])
        if np.allclose(before, factors, rtol=1e-9, atol=1e-9):
            break
    return factors / scale


def _ratio(terms: Sequence[Sequence[float]], counts: Sequence[float],
           factors: NDArray[np.float64]) -> NDArray[np.float64]:
    predicted = float(np.sum(np.asarray(terms) @ factors))
    return factors * (sum(counts) / predicted) if predicted else factors


def fit_all(entries: Sequence[Measured]) -> dict[str, dict]:
    """The factors of every family."""
    families: dict[str, list[Measured]] = {}
    for entry in entries:
        families.setdefault(find_board(entry.board).family, []).append(entry)
    reference = families[REFERENCE]
    clocks = fit_clocks(families)
    result: dict[str, dict] = {}
    for family, own in families.items():
        kinds: dict[str, dict[str, list[float]]] = {"luts": {}, "ffs": {}}
        for kind, units in (("luts", "units"), ("ffs", "unit_ffs")):
            for name in unit_terms(own[0].configuration):
                factors = fit(*_data(reference, units, name))
                if family != REFERENCE:
                    factors = _ratio(*_data(own, units, name), factors)
                kinds[kind][name] = [round(float(factor), 6) for factor in factors]
        packing = sum(entry.luts for entry in own) / sum(
            sum(entry.units.values()) for entry in own)
        result[family] = {"packing": round(packing, 4), **kinds, "clock": clocks[family]}
    return result


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
    return {family: [round(float(np.exp(clock + slope * size)), 2), round(slope, 4)]
            for family, (size, clock) in means.items()}


def _data(entries: Sequence[Measured], units: str,
          name: str) -> tuple[list[tuple[float, ...]], list[float]]:
    return ([unit_terms(entry.configuration)[name] for entry in entries],
            [group_units(getattr(entry, units))[name] for entry in entries])


def main() -> None:
    """Fit, write, and print measured and modelled area of every build."""
    parser = argparse.ArgumentParser(description="Fit the area model to the measured builds.")
    parser.add_argument("--file", type=Path, default=BASELINE_FILE, help="the measured builds")
    parser.add_argument("-o", "--output", type=Path, default=FACTORS_FILE, help="the factors")
    arguments = parser.parse_args()
    entries = list(read_baseline(arguments.file).values())
    known = json.loads(arguments.output.read_text()) if arguments.output.is_file() else {}
    factors = {**known, **fit_all(entries)}
    arguments.output.write_text(json.dumps(factors, indent=1) + "\n")
    for entry in entries:
        family = factors[find_board(entry.board).family]
        terms = unit_terms(entry.configuration)
        luts = family["packing"] * sum(
            float(np.dot(family["luts"][name], values)) for name, values in terms.items())
        mhz, slope = family["clock"]
        print(f"{entry.board}: {entry.luts} LUTs measured, {luts:.0f} modelled "
              f"({luts / entry.luts - 1:+.1%}); {max(entry.fmax_mhz):.1f} MHz measured, "
              f"{mhz * (entry.luts / CLOCK_LUTS) ** -slope:.1f} modelled")


if __name__ == "__main__":
    main()

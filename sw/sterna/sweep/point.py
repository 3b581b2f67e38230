"""What is worked out for a configuration; each function is a task for a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.requests import BuildRequest, EstimateRequest, EvaluateRequest
from sterna.options import Options, declared
from sterna.progress import Report
from sterna.sweep.study import FOUND, REFUSED, SLOW, SMALL
from sterna.tasks.perform import family_for, opened, perform

_opened: dict[tuple[str, str], Any] = {}


def estimated(model: str, board: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """State, reason and numbers, by the estimate."""
    from sterna_boards.estimate.search import EXPECTED_SHARE

    try:
        values = _estimate(model, board, options)
    except InputError as error:
        return {"state": REFUSED, "reason": str(error), "numbers": {}}
    unit = "token" if "tokens_per_second" in values else "step"
    streams = round(values.get(f"aggregate_{unit}s_per_second", values[f"{unit}s_per_second"])
                    / values[f"{unit}s_per_second"])
    numbers = {
        "unit": unit, "user": streams * values[f"{unit}s_per_second_over_link"],
        "engine": streams * values[f"{unit}s_per_second"], "luts": values["luts"],
        "rams": values["block_rams"], "dsps": values["dsps"], "ffs": values["ffs"],
        "lanes": values["lanes"], "clock_mhz": values["clock_mhz"]}
    expected = values["expected_mhz"]
    if not values["fits"]:
        return {"state": SMALL, "reason": "; ".join(values["short"]), "numbers": numbers}
    if expected is not None and expected < EXPECTED_SHARE * values["clock_mhz"]:
        return {"state": SLOW, "numbers": numbers, "reason":
                f"{expected:.0f} MHz expected of {values['clock_mhz']:g} MHz"}
    return {"state": FOUND, "reason": "", "numbers": numbers}


def scored(model: str, options: Mapping[str, Any], text: str, tokens: int) -> float:
    """Perplexity of the golden on a text."""
    found = perform(EvaluateRequest(model=model, options=Options(
        **options, text=Path(text), tokens=tokens))).to_dict()
    return float(str(found["golden_perplexity"]))


def built(model: str, board: str, options: Mapping[str, Any], seed: int | None) -> dict[str, Any]:
    """Area and clock of the placement of a seed, or of the first that meets timing."""
    from sterna_boards.catalogue import find_board

    request = _Placement(model=model, board=board, options=Options(**options), seed=seed)
    with opened(request, Report()) as read:
        report = read.build(request, find_board(board), Report()).built.report
    return {"luts": report.luts, "rams": report.block_rams, "dsps": report.dsps,
            "ffs": report.ffs, "fmax": report.fmax_mhz, "met": report.timing_met,
            "slowest": report.critical_path}


def read_by_evaluate(model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that change what a model computes."""
    request = EvaluateRequest(model=model)
    groups = family_for(request).reading(request).groups
    names = {item.name for group in groups for item in declared(group)}
    return {name: value for name, value in options.items() if name in names}


@dataclass(frozen=True, kw_only=True)
class _Placement(BuildRequest):
    """A build with one seed."""

    seed: int | None = None
    workers: int | None = 1

    @property
    def placements(self) -> range:
        return super().placements if self.seed is None else range(self.seed, self.seed + 1)


def _estimate(model: str, board: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """As the task does it; what the options do not change of a model is read once."""
    request = EstimateRequest(model=model, board=board, options=Options(**options))
    family = family_for(request)
    shape = _board_options(model)
    key = model, str(sorted((name, value) for name, value in options.items() if name not in shape))
    if key not in _opened:
        _opened[key] = family.open(request, Report())
    return _opened[key].estimate(request, Report()).to_dict()


@cache
def _board_options(model: str) -> frozenset[str]:
    """Names of the options that shape the machine on a board."""
    with opened(EstimateRequest(model=model), Report()) as read:
        return frozenset(item.name for item in declared(read.board_options))

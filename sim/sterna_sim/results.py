"""The words of a RESULT as named values, unit by unit, and what the golden says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sterna.errors import InputError
from sterna.golden.result import GoldenResult
from sterna.host.result import RunResult, Words32
from sterna.host.token_board import best_candidates
from sterna.machine.machine import Machine
from sterna.machine.units.head import Head
from sterna.machine.units.neurons import Neurons

Values = Mapping[str, NDArray[np.int64]]
Places = Mapping[str, int]


@dataclass(frozen=True)
class ResultValues:
    """How the words that a unit sends are read, with the places of populations in them, and what
    they ought to be.

    ``spare``: the unit may have room for more than a program gives, which means nothing then.
    """

    shown: Callable[[Words32, Places], Values]
    golden: Callable[[GoldenResult], Values]
    spare: bool = False


def _head_shown(words: Words32, places: Places) -> Values:
    del places
    best = best_candidates(words)
    return {"scale": np.array([best.mantissa, best.exponent]), "logits": best.values,
            "tokens": best.rows}


def _head_golden(best: GoldenResult) -> Values:
    if not best.all_accumulators.size:
        return {}  # a program without a head, on a machine that has one
    return {"scale": np.array([best.mantissa, best.exponent]),
            "logits": np.array(best.accumulators), "tokens": np.array(best.rows)}


_UNITS: dict[str, ResultValues] = {
    Head.name: ResultValues(_head_shown, _head_golden),
    Neurons.name: ResultValues(
        lambda words, places: {f"{name}.result": words[place:].view(np.int32).astype(np.int64)
                               for name, place in places.items()},
        lambda result: {f"{name}.result": values for name, values in result.values.items()},
        spare=True),
}


def register_result(unit: str, values: ResultValues) -> None:
    """Let what another unit sends be compared."""
    _UNITS[unit] = values


def check_results(machine: Machine) -> None:
    """Raise `InputError` for a unit that sends words of which nothing is known here."""
    for unit in machine.units:
        if unit.result_words(machine) and unit.name not in _UNITS:
            raise InputError(f"machine: nothing says what the golden gives for the words that the "
                             f"unit {unit.name} sends; see sterna_sim.results.register_result")


def result_values(result: RunResult, path: int, golden: GoldenResult, places: Places
                  ) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.int64]]]:
    """Name, golden and simulated of everything that a data path, or what all share, has sent."""
    for (unit, place), words in result.words.items():
        if place in (path, None) and words.size:
            known = _UNITS[unit]
            wanted, shown = known.golden(golden), known.shown(words, places)
            for name, values in wanted.items():
                sent = shown[name][:values.size] if known.spare else shown[name]
                yield name, values.astype(np.int64), sent

"""What the populations of a network do on inputs: who spikes when, how often, and membranes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sterna.families.ranged import range_values
from sterna.families.requests import ReportRequest
from sterna.families.spiking.lowering import lower
from sterna.families.steps.inputs import TakenOptions
from sterna.families.steps.options import Seed, Steps
from sterna.golden.executor import GoldenExecutor
from sterna.golden.ranges import Ranges
from sterna.options import Options
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.steps.model import StepModel

MOST_STEPS, MOST_NEURONS, MEMBRANES = 500, 200, 3
"""That are shown: steps, neurons of a population, and membranes of it."""


@dataclass(frozen=True)
class Activity:
    """Of each population by name: ``outputs`` and ``membranes`` [steps, neurons]."""

    outputs: Mapping[str, NDArray[np.int64]]
    membranes: Mapping[str, NDArray[np.int64]]

    def to_dict(self) -> dict[str, Any]:
        """Counts of all neurons; spikes of the first ones, and membranes of the busiest."""
        return {name: self._population(name, values) for name, values in self.outputs.items()}

    def _population(self, name: str, outputs: NDArray[np.int64]) -> dict[str, Any]:
        active = outputs != 0
        steps, neurons = np.nonzero(active[:, :MOST_NEURONS])
        busiest = np.argsort(-active.sum(axis=0), kind="stable")[:MEMBRANES]
        membranes = self.membranes.get(name)
        return {
            "steps": len(outputs), "neurons": outputs.shape[1], "active": int(active.sum()),
            "rate": float(active.mean()), "silent_neurons": int((~active.any(axis=0)).sum()),
            "spikes": [steps.tolist(), neurons.tolist()],
            "membranes": {} if membranes is None else {
                str(neuron): membranes[:, neuron].tolist() for neuron in sorted(busiest.tolist())}}


def measured(model: StepModel, request: ReportRequest, report: Report) -> dict[str, Any]:
    """``activity`` and ``ranges`` by the golden, on the first inputs of a file or on random ones,
    and ``accuracy``."""
    options = request.options
    taken = options.take(TakenOptions).take(
        model.network, min(options.take(Steps).steps, MOST_STEPS), options.take(Seed).seed, False,
        report)
    codes = taken.codes[:MOST_STEPS, 0]
    found: dict[str, list[NDArray[np.int64]]] = defaultdict(list)
    ranges, program = Ranges(), lower(taken.network)
    golden = GoldenExecutor(program, ranges=ranges)
    for number, step in enumerate(codes):
        golden.step(input_row=step, observe=lambda key, name, value: found[name].append(
            np.array(value, np.int64).reshape(-1)))
        report("computing steps", number + 1, len(codes))
    names = [population.name for population in taken.network.populations]

    def of(kind: str) -> dict[str, NDArray[np.int64]]:
        return {name: np.array(found[f"{name}.{kind}"]) for name in names
                if f"{name}.{kind}" in found}

    return {"activity": Activity(of("output"), of("v")).to_dict(),
            "ranges": range_values(program, ranges, _data(len(codes), options)),
            "accuracy": model.agreement(request, taken.network, report)}


def _data(steps: int, options: Options) -> str:
    source = options.take(TakenOptions).input
    return f"{steps} steps of {'random inputs' if source is None else source.name}"

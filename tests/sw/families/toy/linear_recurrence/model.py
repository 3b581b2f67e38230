"""A recurrence: stored, in real numbers, and in integers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sterna.errors import InputError
from sterna.families.requests import EvaluateRequest
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.quantise import quantise
from sterna.families.steps.model import StepModel
from sterna.families.steps.options import Seed
from sterna.files.folder import replace_folder
from sterna.files.manifest import check_folder, write_manifest
from sterna.law.neuron import Decay, NeuronDefinition, Output, Reset
from sterna.program.instructions import INPUT
from sterna.progress import Report

from linear_recurrence.family import FORMAT, Horizon

FRACTION = 16


@dataclass(frozen=True)
class Score:
    """How far the integers are from the real numbers."""

    model: str
    error: float
    failure: None = None

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model, "error": self.error}

    def text(self) -> list[str | tuple[str, object]]:
        return [("model", self.model), ("off by", f"{self.error:.3g}")]


class Recurrence(StepModel):
    """Decays [states], weights [states, inputs]."""

    def __init__(self, folder: Path, decays: NDArray, weights: NDArray) -> None:
        super().__init__(str(folder), [folder])
        self.decays, self.weights = decays, weights

    def lower(self) -> SpikingNetwork:
        """Membranes without threshold."""
        states, inputs = self.weights.shape
        definition = NeuronDefinition(
            decay=Decay.MULTIPLY, reset=Reset.NO_RESET, output=Output.MEMBRANE)
        return quantise(RealNetwork(
            name=Path(self.name).name, inputs=inputs, output="h",
            populations=(RealPopulation(name="h", neurons=states, definition=definition,
                                        values={"factor": self.decays}),),
            connections=(RealConnection(source=INPUT, target="h", weights=self.weights),)))

    def float_reference(self, inputs: NDArray) -> NDArray:
        """States [steps, states]."""
        state, states = np.zeros(len(self.decays)), []
        for row in inputs:
            state = self.decays * state + self.weights @ row
            states.append(state)
        return np.array(states)

    def evaluate(self, request: EvaluateRequest, report: Report) -> Score:
        """The largest difference on random spikes."""
        del report
        steps = request.options.take(Horizon).horizon
        generator = np.random.default_rng(request.options.take(Seed).seed)
        codes = generator.integers(0, 2, (steps, 1, self.weights.shape[1]))
        found = GoldenNetwork(self.network).run(codes)["h"][:, 0] * 2.0**-FRACTION
        return Score(self.name, float(np.abs(found - self.float_reference(codes[:, 0])).max()))


def import_file(source: Path, target: Path) -> list[str]:
    """Write the folder."""
    values = json.loads(source.read_text())
    weights = np.array(values["weights"], float)
    if weights.shape[0] != len(values["decays"]):
        raise InputError(f"{source}: a decay a row of weights is needed")
    with replace_folder(target, FORMAT, [source]) as folder:
        (folder / "config.json").write_text(json.dumps(values))
        write_manifest(folder, FORMAT)
    return [f"{target}: imported; try: sterna run {target}"]


def load(folder: Path) -> Recurrence:
    """Read the folder. Raises `InputError` when it is damaged."""
    check_folder(folder, FORMAT, ["config.json"])
    values = json.loads((folder / "config.json").read_text())
    return Recurrence(folder, np.array(values["decays"]), np.array(values["weights"], float))

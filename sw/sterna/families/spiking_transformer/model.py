"""A spiking transformer that was opened: random, in a shape that its name says, one that comes with
its family, or a folder that `sterna import` wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.random_name import RANDOM, settings
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking_transformer.lowering import reached
from sterna.families.spiking_transformer.random_model import INPUT_FRACTION, images, random_tensors
from sterna.families.spiking_transformer.reference import Reference
from sterna.families.spiking_transformer.store import Stored, load
from sterna.families.spiking_transformer.version import Version
from sterna.families.steps.model import StepModel
from sterna.families.steps.options import Inputs, Seed

if TYPE_CHECKING:
    from sterna.families.family import Result
    from sterna.families.requests import EvaluateRequest, ReportRequest
    from sterna.progress import Report

STEPS, BATCH = 4, 4
"""Of random images for what maps reach."""


class TransformerModel(StepModel):
    """Its tensors by the authors' names, and its integers when they are asked for.

    ``peaks`` is what its maps are given room for.
    """

    def __init__(self, name: str, version: Version, stored: Stored, sources: Sequence[Path] = ()
                 ) -> None:
        super().__init__(name, sources)
        self.version, self.configuration, self.tensors = (
            version, stored.configuration, stored.tensors)
        self.peaks, self.input_fraction = stored.peaks, stored.input_fraction

    def reference(self) -> Reference:
        """In real numbers."""
        return self.version.reference(self.configuration, self.tensors)

    def lower(self) -> SpikingNetwork:
        """A time step is a RUN."""
        network = self.version.lowering(
            self.configuration, self.tensors, self.peaks, self.input_fraction).network()
        return replace(network, name=self.name) if self.name in self.version.models else network

    def agreement(self, request: ReportRequest, network: SpikingNetwork, report: Report
                  ) -> Mapping[str, object]:
        """Of a model with a task."""
        from sterna.families.spiking_transformer.of_task import agreement

        task = self.version.tasks.get(self.name)
        if task is None:
            return super().agreement(request, network, report)
        if request.options.take(Inputs).input is not None:
            return {"why": f"{self.name}: real numbers are compared on its task, without --input"}
        return agreement(self, network, task, request.options.take(Seed).seed, report)

    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Integers against real numbers."""
        from sterna.families.spiking_transformer.evaluate import evaluate

        return evaluate(self, request, report)


def open_model(version: Version, name: str) -> TransformerModel:
    """A random model, one that comes with the version, or a folder.

    Raises `InputError` for a shape that cannot be, and for a folder that is damaged.
    """
    if name in version.models:
        folder = version.models[name].folder
        assert folder is not None
        return TransformerModel(name, version, load(version, folder))
    if not name.startswith(RANDOM):
        return TransformerModel(name, version, load(version, Path(name)), [Path(name)])
    values = settings(name, version.defaults)
    seed = values.pop("seed")
    shape = version.configuration(**values)
    made = random_tensors(version, shape, seed)
    peaks = reached(version.reference(shape, made), images(shape, STEPS, BATCH, seed))
    return TransformerModel(name, version, Stored(shape, made, peaks, INPUT_FRACTION))

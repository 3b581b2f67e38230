"""A spiking transformer that was opened: random, in a shape that its name says, or a folder that
`sterna import` wrote."""

from __future__ import annotations

from collections.abc import Sequence
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

if TYPE_CHECKING:
    from sterna.families.family import Result
    from sterna.families.requests import EvaluateRequest
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
        return self.version.lowering(
            self.configuration, self.tensors, self.peaks, self.input_fraction).network()

    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Integers against real numbers."""
        from sterna.families.spiking_transformer.evaluate import evaluate

        return evaluate(self, request, report)


def open_model(version: Version, name: str) -> TransformerModel:
    """A random model, or a folder.

    Raises `InputError` for a shape that cannot be, and for a folder that is damaged.
    """
    if not name.startswith(RANDOM):
        return TransformerModel(name, version, load(version, Path(name)), [Path(name)])
    values = settings(name, version.defaults)
    seed = values.pop("seed")
    shape = version.configuration(**values)
    made = random_tensors(version, shape, seed)
    peaks = reached(version.reference(shape, made), images(shape, STEPS, BATCH, seed))
    return TransformerModel(name, version, Stored(shape, made, peaks, INPUT_FRACTION))

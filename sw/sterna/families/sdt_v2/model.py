"""A Spike-driven Transformer V2 that was opened: random, in a shape that its name says, or a folder
that `sterna import` wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from torch import Tensor

from sterna.families.random_name import RANDOM, settings
from sterna.families.sdt_v2.builder import Reals
from sterna.families.sdt_v2.configuration import Configuration
from sterna.families.sdt_v2.lowering import Lowering, lower, reached
from sterna.families.sdt_v2.names import DEFAULTS
from sterna.families.sdt_v2.random_model import INPUT_FRACTION, images, random_tensors
from sterna.families.sdt_v2.reference import Reference
from sterna.families.sdt_v2.store import load
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.steps.model import StepModel

if TYPE_CHECKING:
    from sterna.families.family import Result
    from sterna.families.requests import EvaluateRequest
    from sterna.progress import Report

STEPS, BATCH = 4, 4
"""Of random images for what maps reach."""


class SdtV2Model(StepModel):
    """Its tensors by the authors' names, and its integers when they are asked for.

    ``peaks`` is what its maps are given room for.
    """

    reference = Reference
    lowering = Lowering

    def __init__(self, name: str, configuration: Configuration, tensors: dict[str, Tensor],
                 peaks: Mapping[str, Reals], input_fraction: int, sources: Sequence[Path] = ()
                 ) -> None:
        super().__init__(name, sources)
        self.configuration, self.tensors, self.peaks = configuration, tensors, peaks
        self.input_fraction = input_fraction

    @classmethod
    def random(cls, name: str, tensors: Callable[[Configuration, int], dict[str, Tensor]]) -> Self:
        """A model of such a name. Raises `InputError` for a shape that cannot be."""
        values = settings(name, DEFAULTS)
        seed = values.pop("seed")
        configuration = Configuration(**values)
        made = tensors(configuration, seed)
        peaks = reached(cls.reference(configuration, made),
                        images(configuration, STEPS, BATCH, seed))
        return cls(name, configuration, made, peaks, INPUT_FRACTION)

    def lower(self) -> SpikingNetwork:
        """A time step is a RUN."""
        return lower(self.lowering, self.reference(self.configuration, self.tensors),
                     self.tensors, self.peaks, self.input_fraction)

    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Integers against real numbers."""
        from sterna.families.sdt_v2.evaluate import evaluate

        return evaluate(self, request, report)


def open_model(name: str) -> SdtV2Model:
    """A random model, or a folder.

    Raises `InputError` for a shape that cannot be, and for a folder that is damaged.
    """
    if name.startswith(RANDOM):
        return SdtV2Model.random(name, random_tensors)
    stored = load(Path(name))
    return SdtV2Model(name, stored.configuration, stored.tensors, stored.peaks,
                      stored.input_fraction, [Path(name)])

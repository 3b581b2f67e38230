"""A Spike-driven Transformer V2 that was opened: random, in a shape that its name says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from torch import Tensor

from sterna.families.random_name import settings
from sterna.families.sdt_v2.configuration import Configuration
from sterna.families.sdt_v2.lowering import Lowering, lower
from sterna.families.sdt_v2.names import DEFAULTS
from sterna.families.sdt_v2.random_model import random_tensors
from sterna.families.sdt_v2.reference import Reference
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.steps.model import StepModel

if TYPE_CHECKING:
    from sterna.families.family import Result
    from sterna.families.requests import EvaluateRequest
    from sterna.progress import Report


class SdtV2Model(StepModel):
    """Its tensors by the authors' names, and its integers when they are asked for."""

    reference = Reference
    lowering = Lowering

    def __init__(self, name: str, configuration: Configuration, tensors: dict[str, Tensor],
                 seed: int) -> None:
        super().__init__(name)
        self.configuration, self.tensors = configuration, tensors
        self._seed = seed

    @classmethod
    def random(cls, name: str, tensors: Callable[[Configuration, int], dict[str, Tensor]]) -> Self:
        """A model of such a name. Raises `InputError` for a shape that cannot be."""
        values = settings(name, DEFAULTS)
        seed = values.pop("seed")
        configuration = Configuration(**values)
        return cls(name, configuration, tensors(configuration, seed), seed)

    def lower(self) -> SpikingNetwork:
        """A time step is a RUN."""
        return lower(self.lowering, self.reference(self.configuration, self.tensors),
                     self.tensors, self._seed)

    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Integers against real numbers."""
        from sterna.families.sdt_v2.evaluate import evaluate

        return evaluate(self, request, report)


def open_random(name: str) -> SdtV2Model:
    """A model of such a name. Raises `InputError` for a shape that cannot be."""
    return SdtV2Model.random(name, random_tensors)

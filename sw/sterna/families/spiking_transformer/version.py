"""What a kind of spiking transformer is, to everything that all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sterna.errors import InputError
from sterna.families.family import ShippedModel
from sterna.families.spiking.tasks import Task
from sterna.families.spiking_transformer.configuration import Configuration
from sterna.families.spiking_transformer.lowering import Lowering
from sterna.families.spiking_transformer.reference import Reference
from sterna.files.manifest import Format


class Version(ABC):
    """Names, shapes and arithmetic; it has no state."""

    name: str
    """``sdt-v2``."""
    format: Format
    defaults: Mapping[str, int]
    """What the name of a random model may say."""
    configuration: type[Any]
    """A `Configuration`."""
    reference: type[Reference]
    lowering: type[Lowering]
    models: Mapping[str, ShippedModel] = {}
    """Those that come with it, by their names; each has a folder and a task."""
    tasks: Mapping[str, Task] = {}
    unread: tuple[str, ...] = ()
    """How names of tensors end that files may have, and that mean nothing."""
    distilled = False
    """Whether there are models with two maps to classes."""
    raised: tuple[str, ...]
    """How names of biases end that random models have more of, so that heads of few tokens reach
    their threshold."""

    @property
    def model_type(self) -> str:
        """What config.json of its folders says."""
        return f"sterna_{self.name.replace('-', '_')}"

    def drawn(self, name: str, shape: tuple[int, ...], tensors: Mapping[str, Tensor],
              draw: np.random.Generator) -> NDArray[np.float64] | None:
        """A tensor of a random model, of which those in front are there; None for a usual one."""
        del name, shape, tensors, draw

    def wrong(self, name: str, values: NDArray[np.float64]) -> str | None:
        """What a tensor of a checkpoint holds that none may."""
        return "variances below 0" if name.endswith("running_var") and (values < 0).any() else None

    @abstractmethod
    def configured(self, shapes: Mapping[str, tuple[int, ...]], image: int, heads: int
                   ) -> Configuration:
        """What tensors of these shapes are of. Raises `InputError` for those of no such model."""


def axes_of(shapes: Mapping[str, tuple[int, ...]], name: str, axes: int) -> tuple[int, ...]:
    """The shape of a tensor. Raises `InputError` where it is missing or has other axes."""
    if name not in shapes:
        raise InputError(f"tensor {name} is missing")
    if len(shapes[name]) != axes:
        raise InputError(f"tensor {name} has shape {list(shapes[name])}, not one of {axes} axes")
    return shapes[name]

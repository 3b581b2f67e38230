"""The shape of a spiking transformer: images, layers in order, and its tensors by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sterna.errors import InputError

MOST_IMAGE, MOST_CHANNELS, MOST_WIDTH = 512, 64, 1024
MOST_CLASSES = 1 << 16
Shapes = Iterator[tuple[str, tuple[int, ...]]]
Limits = Mapping[str, tuple[int, int]]
NORM = "weight", "bias", "running_mean", "running_var"
HEAD = "head"


@dataclass(frozen=True, kw_only=True)
class Configuration(ABC):
    """Square images of ``channels``, and attention of ``heads`` in every layer that has it."""

    image: int
    heads: int
    classes: int
    channels: int = 3

    def check(self, family: str, limits: Limits) -> None:
        """Raise `InputError` for a number beyond its limits: these, or those of every model."""
        usual = {"image": (16, MOST_IMAGE), "channels": (1, MOST_CHANNELS),
                 "heads": (1, MOST_WIDTH), "classes": (1, MOST_CLASSES)}
        for name, (low, high) in (usual | dict(limits)).items():
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{family}: {name} is {getattr(self, name)}; it must be {low} to "
                                 f"{high}")

    @property
    @abstractmethod
    def out(self) -> int:
        """Channels before the classes."""

    @property
    @abstractmethod
    def told(self) -> str:
        """Its layers, in words."""

    @abstractmethod
    def layers(self) -> Iterator[Any]:
        """In order; each has a ``name``."""

    @abstractmethod
    def tensors(self, layer: Any) -> Shapes:
        """Of a layer, by their names behind its own."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of every tensor by its name."""
        found = {f"{layer.name}.{name}": shape for layer in self.layers()
                 for name, shape in self.tensors(layer)}
        return found | {f"{HEAD}.weight": (self.classes, self.out), f"{HEAD}.bias": (self.classes,)}

    def maps(self) -> dict[str, int]:
        """Channels of the maps between convolutions without neurons, by their names."""
        return {}


def norm(name: str, width: int) -> Shapes:
    """The tensors of a batch norm."""
    for part in NORM:
        yield f"{name}.{part}", (width,)

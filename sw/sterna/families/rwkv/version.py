"""What a version of RWKV is, to everything that all versions share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.family import ShippedModel
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.layout import FIRST_NORM
from sterna.files.manifest import Format

if TYPE_CHECKING:
    from torch import nn

    from sterna.families.rwkv.formats import Formats
    from sterna.families.rwkv.lowering import Lowering
    from sterna.families.rwkv.weights import RwkvModel
    from sterna.program.definition import Program

Shapes = Mapping[str, tuple[int, ...]]


class Calibrated(Protocol):
    """Formats that suit a text."""

    @property
    def formats(self) -> Formats:
        """The formats."""
        ...

    @property
    def concerns(self) -> list[str]:
        """A sentence for every value that may saturate."""
        ...


class Version(ABC):
    """Names, shapes, arithmetic and formats of a version; it has no state."""

    title: str
    """``RWKV-4``."""
    file_titles: tuple[str, ...] = ()
    """Versions whose files have the same tensors."""
    format: Format
    models: Mapping[str, ShippedModel]
    """Those that come with Sterna."""
    defaults: Mapping[str, int]
    """What the name of a random model may say."""
    config: type[Configuration]
    numbers: type[Formats]
    lowering: type[Lowering[Any]]
    embedding_norm: str | None = FIRST_NORM
    """That of embedding rows, if they have one; nameless if it has neither gain nor bias."""
    tied = False
    """Whether folders leave the head out, which is the embedding, unless they say otherwise."""

    @abstractmethod
    def tensors(self, config: Any) -> dict[str, tuple[int, ...]]:
        """Key and shape of every tensor, in the order of use."""

    def unread(self, config: Any) -> tuple[str, ...]:
        """Keys of tensors that files may have, and that mean nothing."""
        del config
        return ()

    def configured(self, shapes: Shapes, layers: int, end: int | None) -> Configuration:
        """As the shapes of the authors' tensors say; ``end`` is the token that ends a text. Raises
        `InputError` for those of no such model: of some, shapes say too little."""
        raise InputError(f"has no tensors of an {self.title}")

    @abstractmethod
    def asked(self, values: Mapping[str, int]) -> Configuration:
        """Of a random model, whose name says these values."""

    @abstractmethod
    def size(self, name: str) -> Configuration:
        """Of a released size."""

    @abstractmethod
    def draw(self, config: Any, key: str, shape: tuple[int, ...], draw: np.random.Generator
             ) -> NDArray[np.float32]:
        """A tensor of the size that a trained model has."""

    def formats(self, text: str | None) -> Formats:
        """Of a model: what formats.json says, else the defaults. Raises `InputError`."""
        return self.numbers() if text is None else self.numbers.from_json(text)

    def lower(self, model: RwkvModel, name: str = "", formats: Any = None) -> Program:
        """The program, validated: in the model's formats, unless others are given. Raises
        `InputError` for formats that cannot be used."""
        return self.lowering(model, formats).program(name)

    @abstractmethod
    def calibrate(self, model: RwkvModel, tokens: Sequence[int],
                  progress: Callable[[int, int], None] | None = None) -> Calibrated:
        """Formats that suit a text."""

    @abstractmethod
    def module(self, config: Any) -> nn.Module:
        """The float reference, with any weights."""

    def norm(self, config: Any) -> nn.Module:
        """That in front of the head, with any weights."""
        from sterna.families.rwkv.reference import layer_norm

        return layer_norm(config.hidden_size)

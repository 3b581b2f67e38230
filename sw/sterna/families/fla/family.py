"""What the families of flash-linear-attention have in common."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.families.rwkv.family import RwkvFamily
from sterna.families.rwkv.sources import type_of

if TYPE_CHECKING:
    from sterna.families.rwkv.weights import RwkvModel


class FlaFamily(RwkvFamily):
    """Language models that the package saves as folders."""

    types: tuple[str, ...]
    """What config.json calls them."""

    def takes(self, source: str) -> bool:
        """A folder whose config.json says so."""
        return type_of(source) in self.types

    @abstractmethod
    def open_checkpoint(self, source: Path) -> RwkvModel:
        """The model of a folder, without number formats; tensors are read when asked for."""

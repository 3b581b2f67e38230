"""Configuration of a Gated DeltaProduct language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.fla.delta_configuration import DeltaConfig


@dataclass(frozen=True)
class DeltaProductConfig(DeltaConfig):
    """See `DeltaConfig`."""

    model_type: str = "deltaproduct"
    steps: int = 2

    title: ClassVar[str] = "a DeltaProduct"

"""Configuration of a DeltaNet language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.fla.delta_configuration import DeltaConfig


@dataclass(frozen=True)
class DeltaNetConfig(DeltaConfig):
    """See `DeltaConfig`; a Gated DeltaNet is one that forgets."""

    model_type: str = "deltanet"

    title: ClassVar[str] = "a DeltaNet"
    most: ClassVar[dict[str, int]] = DeltaConfig.most | {"steps": 1}

"""Configuration of a SpikeGPT language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.rwkv4.configuration import RwkvConfig


@dataclass(frozen=True)
class SpikeGptConfig(RwkvConfig):
    """See `RwkvConfig`."""

    model_type: str = "spikegpt"

    title: ClassVar[str] = "a SpikeGPT"

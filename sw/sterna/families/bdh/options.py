"""Options of BDH: what a checkpoint does not say of its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.bdh.names import CHECKPOINTS, LAYERS
from sterna.families.rwkv.configuration import MOST
from sterna.options import option


@dataclass(frozen=True)
class Layers:
    """How often a token goes through the weights."""

    owner: ClassVar[str] = CHECKPOINTS
    layers: int = option(LAYERS, f"layers, which all have the same weights ({LAYERS}).", least=1,
                         most=MOST["num_hidden_layers"])

"""Configuration of a LightNet language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.fla.configuration import FlaConfig


@dataclass(frozen=True)
class LightNetConfig(FlaConfig):
    """See `FlaConfig`; ``gate_rank`` is that of the maps that give the gate of what is read."""

    model_type: str = "lightnet"
    gate_rank: int = 128

    title: ClassVar[str] = "a LightNet"
    most: ClassVar[dict[str, int]] = FlaConfig.most | {"gate_rank": 1 << 12}

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        keys, values = (self.num_heads * size for size in (self.key_size, self.value_size))
        hidden, rank = self.hidden_size, self.gate_rank
        layer = (2 * keys + 2 * values + rank + 3 * self.intermediate_size) * hidden + rank * values
        return self.num_hidden_layers * layer + self.vocab_size * hidden

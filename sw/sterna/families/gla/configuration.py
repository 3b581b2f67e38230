"""Configuration of a GLA language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.fla.configuration import FlaConfig


@dataclass(frozen=True)
class GlaConfig(FlaConfig):
    """See `FlaConfig`; ``gate_rank`` is that of the map that gives decays."""

    model_type: str = "gla"
    gate_rank: int = 16

    title: ClassVar[str] = "a GLA"
    most: ClassVar[dict[str, int]] = FlaConfig.most | {"gate_rank": 1 << 12}

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        keys, values = (self.num_heads * size for size in (self.key_size, self.value_size))
        hidden, rank = self.hidden_size, self.gate_rank
        layer = (2 * keys + 3 * values + rank + 3 * self.intermediate_size) * hidden + rank * keys
        return self.num_hidden_layers * layer + self.vocab_size * hidden

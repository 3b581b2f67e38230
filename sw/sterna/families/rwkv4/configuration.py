"""Configuration of an RWKV-4 language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.rwkv.configuration import Configuration


@dataclass(frozen=True)
class RwkvConfig(Configuration):
    """See `Configuration`; the inner layer is four times as wide unless told."""

    model_type: str = "rwkv4"

    title: ClassVar[str] = "an RWKV-4"

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        hidden, wide = self.hidden_size, self.intermediate_size
        return (self.num_hidden_layers * hidden * (5 * hidden + 2 * wide)
                + self.vocab_size * hidden)

"""Configuration of an RWKV-5 language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.rwkv.configuration import MOST
from sterna.families.rwkv.headed import HeadedConfig, narrow_intermediate


@dataclass(frozen=True)
class Rwkv5Config(HeadedConfig):
    """See `Configuration`; the inner layer is three and a half times as wide unless told."""

    model_type: str = "rwkv5"

    title: ClassVar[str] = "an RWKV-5"
    most: ClassVar[dict[str, int]] = MOST | {"head_size": 1 << 12}

    def usual_intermediate(self) -> int:
        return narrow_intermediate(self.hidden_size)

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        hidden, wide = self.hidden_size, self.intermediate_size
        return (self.num_hidden_layers * (6 * hidden + 2 * wide) + self.vocab_size) * hidden

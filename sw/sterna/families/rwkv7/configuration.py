"""Configuration of an RWKV-7 language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.rwkv.configuration import MOST
from sterna.families.rwkv.headed import HeadedConfig

_RANKS = ("decay_rank", "rate_rank", "value_rank", "gate_rank")


@dataclass(frozen=True)
class Rwkv7Config(HeadedConfig):
    """See `Configuration`; the inner layer is four times as wide unless told.

    Ranks are those of the maps that give decays, learning rates, shares of the first layer's values
    and gates.
    """

    model_type: str = "rwkv7"
    decay_rank: int = 64
    rate_rank: int = 64
    value_rank: int = 32
    gate_rank: int = 128

    title: ClassVar[str] = "an RWKV-7"
    most: ClassVar[dict[str, int]] = MOST | dict.fromkeys(("head_size", *_RANKS), 1 << 12)

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        ranks = sum(getattr(self, name) for name in _RANKS)
        layer = 4 * self.hidden_size + 2 * self.intermediate_size + 2 * ranks
        return (self.num_hidden_layers * layer + self.vocab_size) * self.hidden_size

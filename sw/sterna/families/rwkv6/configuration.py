"""Configuration of an RWKV-6 language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.families.rwkv.configuration import MOST
from sterna.families.rwkv.headed import HeadedConfig, narrow_intermediate


@dataclass(frozen=True)
class Rwkv6Config(HeadedConfig):
    """See `Configuration`; the inner layer is three and a half times as wide unless told.

    ``mix_rank`` and ``decay_rank`` are those of the maps that mix two tokens and that give decays.
    """

    model_type: str = "rwkv6"
    mix_rank: int = 32
    decay_rank: int = 64

    title: ClassVar[str] = "an RWKV-6"
    most: ClassVar[dict[str, int]] = MOST | dict.fromkeys(
        ("head_size", "mix_rank", "decay_rank"), 1 << 12)

    def usual_intermediate(self) -> int:
        return narrow_intermediate(self.hidden_size)

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        hidden, wide = self.hidden_size, self.intermediate_size
        layer = 6 * hidden + 2 * wide + 10 * self.mix_rank + 2 * self.decay_rank
        return (self.num_hidden_layers * layer + self.vocab_size) * hidden

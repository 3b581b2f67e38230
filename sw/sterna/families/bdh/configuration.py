"""Configuration of a BDH language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.errors import InputError
from sterna.families.rwkv.configuration import MOST, Configuration

NEURONS_A_CHANNEL = 128
MOST_HEADS = 16


@dataclass(frozen=True)
class BdhConfig(Configuration):
    """See `Configuration`; ``intermediate_size`` are the neurons of all heads, which lie in pairs.
    """

    model_type: str = "bdh"
    vocab_size: int = 256
    hidden_size: int = 256
    num_hidden_layers: int = 6
    eos_token_id: int | None = None
    num_heads: int = 4

    title: ClassVar[str] = "a BDH"
    most: ClassVar[dict[str, int]] = MOST | {"num_heads": MOST_HEADS}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.intermediate_size % (2 * self.num_heads):
            raise InputError(f"configuration: {self.intermediate_size} neurons are no pairs of "
                             f"{self.num_heads} heads; give a multiple of {2 * self.num_heads}")

    def usual_intermediate(self) -> int:
        return NEURONS_A_CHANNEL * self.hidden_size

    @property
    def neurons(self) -> int:
        """Of a head."""
        return self.intermediate_size // self.num_heads

    @property
    def pairs(self) -> int:
        """Of a head's neurons."""
        return self.neurons // 2

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices that a token is multiplied by, the embedding left out."""
        layer = 3 * self.intermediate_size * self.hidden_size
        return self.num_hidden_layers * layer + self.vocab_size * self.hidden_size

"""Configuration of an HGRN2 language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.errors import InputError
from sterna.families.fla.configuration import FlaConfig


@dataclass(frozen=True)
class Hgrn2Config(FlaConfig):
    """See `FlaConfig`; heads of keys and of values are alike, and all of them are the hidden size.
    """

    model_type: str = "hgrn2"
    num_heads: int = 8
    value_size: int = 128

    title: ClassVar[str] = "an HGRN2"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.num_heads * self.key_size == self.hidden_size == (
                self.num_heads * self.value_size):
            raise InputError(f"configuration: {self.num_heads} heads of {self.key_size} keys and "
                             f"{self.value_size} values are not the hidden size "
                             f"{self.hidden_size}")

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        layer = 4 * self.hidden_size + 3 * self.intermediate_size
        return (self.num_hidden_layers * layer + self.vocab_size) * self.hidden_size

"""Configuration of the models of delta rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sterna.errors import InputError
from sterna.families.fla.configuration import FlaConfig

FLAGS = ("forgets", "gated", "negative")
MOST_STEPS = 4


@dataclass(frozen=True)
class DeltaConfig(FlaConfig):
    """See `FlaConfig`; every token takes ``steps`` steps of the delta rule.

    States of models that forget (``forgets``) decay before the first; ``gated`` are those whose
    attention leaves through a gate; ``negative`` those whose rates reach 2, not 1. All three are 0
    or 1.
    """

    steps: int = 1
    forgets: int = 0
    gated: int = 0
    negative: int = 0

    most: ClassVar[dict[str, int]] = FlaConfig.most | {"steps": MOST_STEPS}

    def __post_init__(self) -> None:
        super().__post_init__()
        if wrong := next((name for name in FLAGS if getattr(self, name) not in (0, 1)), None):
            raise InputError(f"configuration: {wrong} is {getattr(self, wrong)!r}; it must be 0 or "
                             "1")

    @property
    def matrix_weights(self) -> int:
        """Weights of all matrices, the embedding left out."""
        keys, values = (self.num_heads * size for size in (self.key_size, self.value_size))
        rows = ((1 + self.steps) * keys + (1 + self.gated + self.steps) * values
                + (self.steps + self.forgets) * self.num_heads + 3 * self.intermediate_size)
        return (self.num_hidden_layers * rows + self.vocab_size) * self.hidden_size

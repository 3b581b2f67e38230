"""What a float reference of a language model is to those who compare with it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Reference(Protocol):
    """A model in real numbers; a module of PyTorch."""

    def initial_state(self, batch: int = 1) -> Tensor:
        """What is kept before the first token: [layers, batch, values]."""
        ...

    def __call__(self, tokens: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [batch, time, vocabulary] of ids [batch, time], and the state behind."""
        ...

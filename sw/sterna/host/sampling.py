"""Chooses the next token from the candidates that the head returns.

The candidates are integers that are equal on every device, and a choice draws one number from a
seeded generator: the same seed gives the same text on the golden, in simulation and on a board.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sterna.errors import InputError
from sterna.host.device import StepResult


@dataclass(frozen=True)
class Sampling:
    """How to choose: ``temperature`` 0 takes the best candidate.

    ``top_k`` (None: all that the head returns) and then ``top_p`` narrow the candidates, best
    first. ``or_all``: a device that returns less than ``top_k`` will do. Raises `InputError` for
    values that mean nothing.
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float = 1.0
    seed: int = 0
    or_all: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise InputError(f"temperature is {self.temperature}; it must be between 0 and 100")
        if self.top_k is not None and self.top_k < 1:
            raise InputError(f"top-k is {self.top_k}; it must be at least 1")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top-p is {self.top_p}; it must be above 0 and at most 1")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; it must be 0 or more")


class Sampler:
    """A `Sampling` with its generator, of which ``drawn`` numbers are used."""

    def __init__(self, sampling: Sampling, drawn: int = 0) -> None:
        self._sampling, self.drawn = sampling, drawn
        numbers = np.random.PCG64(sampling.seed)
        self._generator = np.random.Generator(numbers.advance(drawn))

    def choose(self, result: StepResult) -> int:
        """The id of the next token. Raises `InputError` when more than the head has is asked."""
        sampling = self._sampling
        available = len(result.rows)
        if sampling.top_k is not None and sampling.top_k > available and not sampling.or_all:
            raise InputError(
                f"top-k is {sampling.top_k}, but this device returns the {available} best; give "
                "less, or a configuration with a larger top_k"
            )
        if sampling.temperature == 0:
            return int(result.rows[0])
        logits = result.logits()[: sampling.top_k]
        probability = _softmax(logits / sampling.temperature)
        total = np.cumsum(probability)
        # The candidate that passes top_p is the last that stays.
        kept = int(np.searchsorted(total, sampling.top_p)) + 1
        total = total[:kept]
        point = self._generator.random() * total[-1]
        self.drawn += 1
        chosen = min(int(np.searchsorted(total, point, side="right")), len(total) - 1)
        return int(result.rows[chosen])


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits[0])  # best first
    return weights / weights.sum()

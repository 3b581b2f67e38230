"""What every machine that runs a program offers: golden, simulation, board."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.host.counters import Counters


@dataclass(frozen=True)
class StepResult:
    """The head's best candidates after one token, best first.

    ``values`` are the saturated accumulators, ``rows`` the token ids; ties are in the order of the
    ids. The real logit of a value is ``value * mantissa * 2**exponent``.
    """

    values: NDArray[np.int64]
    rows: NDArray[np.int64]
    mantissa: int
    exponent: int
    counters: Counters = field(default_factory=Counters)

    def candidates(self) -> tuple[list[int], list[int], int, int]:
        """Everything that must be equal on every device, in a form that can be compared."""
        return self.values.tolist(), self.rows.tolist(), self.mantissa, self.exponent

    def logits(self) -> NDArray[np.float64]:
        """Real logits of the candidates."""
        return np.ldexp(self.values.astype(np.float64) * self.mantissa, self.exponent)


class Device(Protocol):
    """A machine with a program loaded: it keeps the state of one text from token to token."""

    name: str

    def reset(self) -> None:
        """Forget the text: the next token is the first of a new one."""
        ...

    def step(self, token: int) -> StepResult:
        """Feed one token. Raises `InputError` for an id outside the vocabulary."""
        ...

    def close(self) -> None:
        """Give the machine back; safe to call twice."""
        ...

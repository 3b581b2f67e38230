"""The golden executor as a device."""

from __future__ import annotations

from copy import copy

import numpy as np

from sterna.golden.executor import GoldenExecutor
from sterna.host.device import StepResult
from sterna.program.definition import Program


class GoldenDevice:
    """Runs a program in exact integers on the host; `top_k` as in the hardware to compare with."""

    name = "golden"

    def __init__(self, program: Program, top_k: int) -> None:
        self._executor = GoldenExecutor(program, top_k=top_k)

    def beside(self) -> GoldenDevice:
        """Another golden of the same program, with a text of its own; parameters are kept once."""
        other = copy(self)
        other._executor = self._executor.beside()
        return other

    def reset(self) -> None:
        """Forget the text: the next token is the first of a new one."""
        self._executor.reset()

    def step(self, token: int) -> StepResult:
        """Compute one token. Raises `InputError` for an id outside the vocabulary."""
        result = self._executor.step(token)
        return StepResult(
            values=np.array(result.accumulators, np.int64),
            rows=np.array(result.rows, np.int64),
            mantissa=result.mantissa,
            exponent=result.exponent,
        )

    def close(self) -> None:
        """Nothing to give back."""

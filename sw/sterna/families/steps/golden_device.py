"""The golden executor as a device that computes time steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.golden.executor import GoldenExecutor
from sterna.host.spiking_device import SpikingStep
from sterna.program.definition import Program


class GoldenSpikingDevice:
    """Runs the program of a spiking network in exact integers on the host."""

    name = "golden"
    recoveries = 0

    def __init__(self, program: Program) -> None:
        self._golden = GoldenExecutor(program)
        self._result, = program.results

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._golden.reset()

    def step(self, codes: NDArray[np.int64]) -> SpikingStep:
        """One time step with input codes [inputs]."""
        return SpikingStep(self._golden.run(codes[None])[self._result][0])

    def close(self) -> None:
        """Nothing to give back."""

"""The golden executor as a device that computes time steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.golden.executor import GoldenExecutor
from sterna.host.spiking_device import SpikingStep
from sterna.machine.snapshot import State
from sterna.program.definition import Program


class GoldenSpikingDevice:
    """Runs the program of a spiking network in exact integers on the host."""

    name = "golden"
    recoveries = 0

    def __init__(self, program: Program) -> None:
        self._golden = GoldenExecutor(program)
        self._result, *self._probes = program.results
        self._position = 0

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._golden.reset()
        self._position = 0

    def step(self, codes: NDArray[np.int64]) -> SpikingStep:
        """One time step with input codes [inputs]."""
        found = self._golden.run(codes[None])
        self._position += 1
        return SpikingStep(found[self._result][0],
                           probes={name: found[name][0] for name in self._probes})

    def snapshot(self) -> State:
        """What the network has kept so far."""
        return State(self._position,
                     {name: value[0] for name, value in self._golden.snapshot().items()})

    def restore(self, state: State) -> None:
        """Go on from a snapshot. Raises `InputError` for one of another program."""
        self._golden.restore({name: value[None] for name, value in state.values.items()})
        self._position = state.position

    def close(self) -> None:
        """Nothing to give back."""

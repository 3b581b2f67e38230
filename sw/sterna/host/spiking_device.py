"""What every machine that runs a spiking network offers: golden, simulation, board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.host.counters import Counters
from sterna.machine.snapshot import State

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class SpikingStep:
    """The network's outputs of a time step, int64 [neurons], and those of populations that leave
    beside them."""

    outputs: Integers
    counters: Counters = field(default_factory=Counters)
    probes: Mapping[str, Integers] = field(default_factory=dict)


class SpikingDevice(Protocol):
    """A machine with a spiking network loaded; it keeps the state from step to step."""

    name: str

    @property
    def recoveries(self) -> int:
        """How often it was loaded again, and its steps repeated."""
        ...

    def reset(self) -> None:
        """All state and every past code to 0."""
        ...

    def step(self, codes: Integers) -> SpikingStep:
        """One time step with input codes [inputs]. Raises `InputError` for codes it cannot take."""
        ...

    def snapshot(self) -> State:
        """What the network has kept so far. Raises `InputError` for a machine that cannot be read.
        """
        ...

    def restore(self, state: State) -> None:
        """Go on from a snapshot. Raises `InputError` for one of another program."""
        ...

    def close(self) -> None:
        """Give the machine back; safe to call twice."""
        ...

"""The golden network as a device."""

from __future__ import annotations

from sterna.golden.spiking import GoldenNetwork, Integers
from sterna.host.spiking_device import SpikingStep
from sterna.program.spiking import SpikingNetwork


class GoldenSpikingDevice:
    """Runs a spiking network in exact integers on the host."""

    name = "golden"
    recoveries = 0

    def __init__(self, network: SpikingNetwork) -> None:
        self._golden = GoldenNetwork(network)

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._golden.reset()

    def step(self, codes: Integers) -> SpikingStep:
        """One time step with input codes [inputs]."""
        return SpikingStep(self._golden.step(codes[None])[self._golden.network.output][0])

    def close(self) -> None:
        """Nothing to give back."""

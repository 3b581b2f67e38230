"""The golden spiking network: `sterna.program.spiking` in exact integers, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.golden.neuron import GoldenPopulation
from sterna.program.spiking import INPUT, Connection, SpikingNetwork, whole_codes

Integers = NDArray[np.int64]


class GoldenNetwork:
    """Executes `network` on `batch` independent inputs.

    ``populations`` hold the states, ``sums`` the exact sums of the last step, by population.
    """

    def __init__(self, network: SpikingNetwork, batch: int = 1) -> None:
        self.network, self.batch = network, batch
        self.populations = {
            item.name: GoldenPopulation(item.definition, item.parameters, item.neurons, batch)
            for item in network.populations
        }
        self._taps = {
            name: [(item.source, _taps(item)) for item in network.into(name)]
            for name in self.populations
        }
        self.sums: dict[str, Integers] = {}
        self._saturated = dict.fromkeys(self.populations, 0)
        self.reset()

    def reset(self) -> None:
        """All state and every past code to 0."""
        for population in self.populations.values():
            population.reset()
        sizes = {item.name: item.neurons for item in self.network.populations}
        sizes[INPUT] = self.network.inputs
        self._past = {
            name: [np.zeros((self.batch, size), np.int64)] * (self.network.depth(name) + 1)
            for name, size in sizes.items()
        }

    def step(self, codes: Integers) -> dict[str, Integers]:
        """One time step with input codes [batch, inputs]; the outputs of every population.

        Raises `InputError` for codes of another shape, beyond -127 .. 127, or not whole.
        """
        if codes.shape != (self.batch, self.network.inputs):
            raise InputError(
                f"{self.network.name}: input {codes.shape}, not "
                f"{(self.batch, self.network.inputs)}"
            )
        codes = whole_codes(codes)
        for past in self._past.values():
            past.insert(0, past.pop())
        self._past[INPUT][0] = codes
        outputs = {}
        for name, population in self.populations.items():
            sums = np.zeros((self.batch, self.network.population(name).neurons))
            for source, taps in self._taps[name]:
                for delay, weights in taps:
                    sums += self._past[source][delay].astype(np.float64) @ weights
            self.sums[name] = sums.astype(np.int64)
            outputs[name] = population.step(self.sums[name])
            self._past[name][0] = population.codes(outputs[name])
            self._saturated[name] += population.at_limit()
        return outputs

    def saturated(self) -> dict[str, int]:
        """Neuron steps so far after which a state was at the limit of its bits; those above 0."""
        return {name: count for name, count in self._saturated.items() if count}

    def run(self, codes: Integers) -> dict[str, Integers]:
        """Steps over codes [steps, batch, inputs]; outputs [steps, batch, neurons]."""
        steps = [self.step(row) for row in codes]
        return {name: np.stack([step[name] for step in steps]) for name in self.populations}


def _taps(connection: Connection) -> list[tuple[int, NDArray[np.float64]]]:
    """Delay and weights [sources, targets]; float64 is exact, for sums stay below 2**53."""
    weights = connection.weights().astype(np.float64).T
    if connection.delays is None:
        return [(int(connection.previous), weights)]
    return [
        (int(delay) + connection.previous, np.where(delay == connection.delays.T, weights, 0.0))
        for delay in np.unique(connection.delays)
    ]

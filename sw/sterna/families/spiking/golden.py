"""A spiking network on the golden executor, with all that its populations show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.lowering import lower, orders
from sterna.golden.executor import GoldenExecutor
from sterna.machine.snapshot import State
from sterna.progress import Progress

Integers = NDArray[np.int64]


class GoldenNetwork:
    """Executes `network` on `batch` independent inputs.

    ``values`` are of the last step, [batch, neurons], by population and kind: ``sum``, ``output``,
    and the names of the state words.
    """

    def __init__(self, network: SpikingNetwork, batch: int = 1) -> None:
        self.network, self.batch = network, batch
        self.values: dict[str, dict[str, Integers]] = {}
        self._executor = GoldenExecutor(lower(network), streams=batch)
        self._orders = orders(network)
        self._position = 0

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._executor.reset()
        self._position = 0

    def snapshot(self) -> State:
        """What it has kept of its first input."""
        return State(self._position, {
            name: value[0] for name, value in self._executor.snapshot().items()})

    def restore(self, state: State) -> None:
        """Let its only input go on. Raises `InputError` for a snapshot of another network."""
        self._executor.restore({name: value[None] for name, value in state.values.items()})
        self._position = state.position

    def step(self, codes: ArrayLike) -> dict[str, Integers]:
        """One time step with input codes [batch, inputs]; the outputs of every population.

        Raises `InputError` for codes of another shape, beyond -127 .. 127, or not whole.
        """
        self.values = {item.name: {} for item in self.network.populations}
        self._executor.run(codes, self._keep)
        self._position += 1
        return {name: values["output"] for name, values in self.values.items()}

    def _keep(self, key: Any, name: str, value: Integers) -> None:
        population, kind = name.rsplit(".", 1)
        value = value.reshape(self.batch, -1)
        order = self._orders.get(population)
        if order is not None:
            value = value[:, np.argsort(order)]
        self.values[population][kind] = value

    def saturated(self) -> dict[str, int]:
        """Neuron steps so far after which a state was at the limit of its bits; those above 0."""
        return self._executor.saturated()

    def run(
        self, codes: NDArray[np.integer], progress: Progress | None = None,
        states: Mapping[str, tuple[str, str]] | None = None,
    ) -> dict[str, Integers]:
        """Steps over codes [steps, batch, inputs]; outputs [steps, batch, neurons], and by their
        names ``states``, each a population and a state word."""
        of = {item.name: item.name for item in self.network.populations}
        of |= {text: name for text, (name, _) in (states or {}).items()}
        outputs = {text: np.zeros((len(codes), self.batch, self.network.population(name).neurons),
                                  np.int64) for text, name in of.items()}
        for done, row in enumerate(codes):
            for name, values in self.step(row).items():
                outputs[name][done] = values
            for text, (name, state) in (states or {}).items():
                outputs[text][done] = self.values[name][state]
            if progress is not None:
                progress("running steps", done + 1, len(codes))
        return outputs

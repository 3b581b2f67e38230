"""Populations and connections of a traced module; membranes that are used are populations too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from sterna.errors import InputError
from sterna.families.spiking.linear import Linear
from sterna.families.spiking.module.trace import membrane_of
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.nir.chains import Integrator, as_current
from sterna.families.spiking.windows import Windowed
from sterna.law.neuron import Output


@dataclass
class Made:
    """What was made so far, in the order of the calls.

    The membrane of a neuron child, where it is ``used``, is a twin of its population, with the same
    inputs and resets, that gives its membrane in place of spikes.
    """

    used: set[str]
    populations: list[RealPopulation] = field(default_factory=list)
    connections: list[RealConnection] = field(default_factory=list)
    _integrators: dict[str, Integrator] = field(default_factory=dict)

    def check(self, key: str, form: Linear) -> None:
        """Raise `InputError` for weights that are no numbers, before others follow from them."""
        for term in form.terms:
            weights = term.weights
            values = weights.weights if isinstance(weights, Windowed) else weights
            if values is not None and not np.isfinite(values).all():
                raise InputError(f"weights from {term.source} to {key} are not all finite")

    def add(self, population: RealPopulation, form: Linear,
            recurrent: RealConnection | None = None) -> None:
        """A population, what leads to it, and its recurrence. Raises `InputError`."""
        key = population.name
        population, form = as_current(
            f"module {key}", population, form, self._integrators, lambda source, target: False)
        self._add(population, form, recurrent)
        if membrane_of(key) in self.used:
            twin = replace(population, name=membrane_of(key),
                           definition=replace(population.definition, output=Output.MEMBRANE))
            self._add(twin, form, recurrent)
            self._integrators[twin.name] = Integrator(twin, form, recurrent is None)

    def _add(self, item: RealPopulation, form: Linear, recurrent: RealConnection | None) -> None:
        self.populations.append(item)
        self.connections += _connections(item.name, form)
        if recurrent is not None:
            self.connections.append(replace(recurrent, target=item.name))

    def network(self, name: str, inputs: int, output: str) -> RealNetwork:
        """Of a population and its twin those that something reads."""
        read = {item.source for item in self.connections} | {output}
        twins = self._integrators.keys()
        left_out = {item.name for item in self.populations
                    if item.name not in read
                    and (item.name in twins or membrane_of(item.name) in twins)}
        return RealNetwork(
            name=name, inputs=inputs, output=output,
            populations=tuple(item for item in self.populations if item.name not in left_out),
            connections=tuple(item for item in self.connections if item.target not in left_out))


def _connections(target: str, form: Linear) -> Iterator[RealConnection]:
    for source, weights, _ in form.matrices(f"module {target}"):
        window = None
        if isinstance(weights, Windowed):
            window, weights = weights.window, weights.weights
        yield RealConnection(source=source, target=target, weights=weights, window=window)

"""Networks of windows: every way in which their elements may stand and be met."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sterna.families.spiking.integers import Connection, Population, SpikingNetwork
from sterna.families.spiking.stateless import any_population
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import ternary_planes
from sterna.law.window import Window
from sterna.program.instructions import INPUT

from tests.hw.core.spiking_networks import neuron_parameters


def chain(*windows: Window) -> tuple[tuple[str, Window], ...]:
    """Windows one behind the other, with the name of what each leads to."""
    return tuple((f"p{index}", window) for index, window in enumerate(windows))


NETWORKS: dict[str, tuple[tuple[str, Window], ...]] = {
    # Few channels on many lanes, a pool that leaves a column out, padding that differs.
    "few": chain(
        Window(channels=2, height=5, width=5, outputs=3, kernel=(3, 2), padding=(1, 0, 0, 1)),
        Window(channels=3, height=4, width=5, outputs=6, pool=(2, 2), kernel=(2, 2),
               padding=(1, 0, 1, 0)),
        Window(channels=6, height=2, width=2, outputs=5, kernel=(2, 2))),
    # Strides and dilations with and without a common factor; the output is a map.
    "steps": chain(
        Window(channels=1, height=9, width=7, outputs=4, kernel=(3, 3), stride=(2, 3),
               dilation=(2, 2), padding=(2, 1, 3, 0)),
        Window(channels=4, height=4, width=2, outputs=2, kernel=(2, 1), dilation=(3, 1),
               padding=(0, 2, 1, 1))),
    # Groups and depth-wise, a kernel larger than the map, one dimension.
    "groups": chain(
        Window(channels=4, height=1, width=9, outputs=8, kernel=(1, 3), stride=(1, 2), groups=2,
               padding=(0, 0, 1, 1)),
        Window(channels=8, height=1, width=5, outputs=8, kernel=(1, 7), groups=8,
               padding=(0, 0, 3, 3)),
        Window(channels=8, height=1, width=5, outputs=8, pool=(1, 2), groups=8)),
    # Maxima of spikes whose blocks overlap, and straight from them to neurons.
    "pools": chain(
        Window(channels=2, height=5, width=5, outputs=3, kernel=(2, 2)),
        Window(channels=3, height=4, width=4, outputs=3, kernel=(3, 3), stride=(2, 2), groups=3,
               padding=(1, 0, 1, 0)),
        Window(channels=3, height=2, width=2, outputs=3, groups=3)),
}
"""By name what leads to each population; the last is the output."""
MAXIMA = {"pools": "p1"}
"""Populations that are the maximum of spikes."""


def window_network(name: str, definitions: Sequence[NeuronDefinition], seed: int = 0
                   ) -> SpikingNetwork:
    """The network, with a dense connection back to its first population."""
    rng = np.random.default_rng(seed)
    populations, connections, source = [], [], INPUT
    for index, (target, window) in enumerate(NETWORKS[name]):
        definition = definitions[index % len(definitions)]
        # Those of the first are one a channel, which come again at every position.
        parameters = neuron_parameters(
            rng, window.outputs if not index else window.targets, definition)
        planes = ternary_planes(rng.integers(-13, 14, window.shape), 3)
        if MAXIMA.get(name) == target:
            definition = any_population(target, window.targets).definition
            parameters, planes = NeuronParameters(), np.ones((1, *window.shape), np.int8)
        populations.append(Population(
            name=target, neurons=window.targets, definition=definition, parameters=parameters))
        connections.append(Connection(source=source, target=target, window=window, planes=planes))
        source = target
    last, first = populations[-1], populations[0]
    connections.append(Connection(
        source=last.name, target=first.name, previous=True,
        planes=ternary_planes(rng.integers(-4, 5, (first.neurons, last.neurons)), 2)))
    return SpikingNetwork(
        name=f"windows, {name}", inputs=NETWORKS[name][0][1].sources,
        populations=tuple(populations), connections=tuple(connections), output=last.name,
        input_fraction=2)

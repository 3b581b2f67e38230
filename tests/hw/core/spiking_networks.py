"""Random networks that use all ways of connecting populations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sterna.families.spiking.integers import Connection, Population, SpikingNetwork
from sterna.law.neuron import Current, Decay, NeuronDefinition, Output, Reset, Rounding
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import ternary_planes
from sterna.program.instructions import INPUT

DEFINITIONS = [
    NeuronDefinition(membrane_bits=18, reset=Reset.SOFT_LATE),
    NeuronDefinition(membrane_bits=20, current=Current.NEW, current_bits=16, strict=False,
                     reset=Reset.HARD, refractory=3, rounding=Rounding.ZERO),
    NeuronDefinition(membrane_bits=16, decay=Decay.SHIFT, decay_shift=2, adaptive=True,
                     adaptation_bits=15, max_count=5),
    NeuronDefinition(membrane_bits=14, output=Output.VALUE, output_shift=3, clamped=True),
    NeuronDefinition(membrane_bits=22, reset=Reset.NO_RESET, output=Output.MEMBRANE,
                     output_shift=9),
]
OPEN_PARAMETERS = {"factor": (20_000, 65_536), "current_factor": (20_000, 60_000),
                   "adaptation_factor": (30_000, 65_000), "gain": (1, 6), "threshold": (40, 400),
                   "increment": (1, 60), "reset": (-9, 9), "bias": (-3, 12)}


def random_network(seed: int, delays: int = 0,
                   definitions: Sequence[NeuronDefinition] = DEFINITIONS) -> SpikingNetwork:
    """Four populations of odd sizes; forward, skipping, recurrent and late connections."""
    rng = np.random.default_rng(seed)
    sizes = {INPUT: int(rng.integers(3, 12))} | {
        f"p{index}": int(rng.integers(1, 14)) for index in range(4)}
    names = list(sizes)[1:]
    # Two populations of the first definition share an engine.
    chosen = [definitions[0], *rng.permutation(np.array(definitions, object))[:2], definitions[0]]
    populations = tuple(
        Population(name=name, neurons=sizes[name], definition=definition,
                   parameters=neuron_parameters(rng, sizes[name], definition))
        for name, definition in zip(names, chosen, strict=True))
    wanted = [(INPUT, "p0", False), (INPUT, "p0", True), ("p0", "p0", True), ("p3", "p0", True),
              ("p0", "p1", False), ("p1", "p1", True), (INPUT, "p2", False), ("p1", "p2", True),
              ("p0", "p2", False), ("p2", "p3", False), ("p3", "p3", True)]
    connections = tuple(
        Connection(
            source=source, target=target, previous=previous,
            planes=ternary_planes(rng.integers(-13, 14, (sizes[target], sizes[source])), 3),
            delays=rng.integers(0, delays + 1, (sizes[target], sizes[source])).astype(np.uint8)
            if delays and rng.random() < 0.7 else None)
        for source, target, previous in wanted)
    return SpikingNetwork(
        name=f"random{seed}", inputs=sizes[INPUT], populations=populations,
        connections=connections, output=names[int(rng.integers(4))], input_fraction=2)


def neuron_parameters(rng: np.random.Generator, neurons: int,
                      definition: NeuronDefinition) -> NeuronParameters:
    """Random ones that make neurons fire, some one a neuron and some one for all."""
    values = {}
    for name, (low, high) in OPEN_PARAMETERS.items():
        values[name] = rng.integers(low, high, neurons if rng.random() < 0.5 else 1)
    values["gain"] <<= definition.gain_shift
    return NeuronParameters.of(**values)

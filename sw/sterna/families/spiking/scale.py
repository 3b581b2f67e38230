"""Another input fraction for a network whose weights are integers already, to the same outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.families.spiking.integers import Connection, SpikingNetwork
from sterna.law.codes import LEAST_FRACTION, MOST_FRACTION
from sterna.law.neuron import MAX_BITS
from sterna.law.planes import planes_needed, reach, signed_bits, ternary_planes
from sterna.program.instructions import INPUT

Integers = NDArray[np.int64]


def with_input_fraction(network: SpikingNetwork, fraction: int) -> SpikingNetwork:
    """The network that takes its inputs in codes of ``2**-fraction``, and else computes the same.

    An input that both fractions hold gives the same state and outputs to the last bit: where only
    inputs lead to a population, its gain is shifted; where other populations do too, the weights
    of one kind become larger by the power of two between the fractions, and take more planes.
    Raises `InputError` when a population's formats have no room for that.
    """
    if not LEAST_FRACTION <= fraction <= MOST_FRACTION:
        raise InputError(f"input_fraction is {fraction}; it must be {LEAST_FRACTION} to "
                         f"{MOST_FRACTION}")
    more = fraction - network.input_fraction
    if not more:
        return network
    populations, factors = [], {}
    for item in network.populations:
        sources = {connection.source for connection in network.into(item.name)}
        shift = item.definition.gain_shift
        inputs, others = 0, 0
        if INPUT in sources:
            # Codes grow by `more` bits: the other weights follow, or those of the input shrink.
            if more > 0 or shift + more >= 0 and sources == {INPUT}:
                shift += more
                others = more
            else:
                inputs = -more
        if shift >= MAX_BITS:
            raise InputError(
                f"network {network.name}: population {item.name} cannot take inputs of {fraction} "
                f"fraction bits; scale the inputs, and the weights that take them, or give a lower "
                f"--input-fraction")
        factors[item.name] = inputs, others
        populations.append(replace(item, definition=replace(item.definition, gain_shift=shift)))
    connections = [
        _times(item, factors[item.target][item.source != INPUT]) for item in network.connections
    ]
    for index, item in enumerate(populations):
        into = (each.magnitudes() for each in connections if each.target == item.name)
        bits = max(item.definition.sum_bits, signed_bits(reach(*into)))
        if bits > MAX_BITS:
            raise InputError(
                f"network {network.name}: sums into population {item.name} exceed {MAX_BITS} bits "
                f"with inputs of {fraction} fraction bits; scale the inputs, and the weights that "
                "take them, or give a lower --input-fraction")
        populations[index] = replace(item, definition=replace(item.definition, sum_bits=bits))
    return replace(network, populations=tuple(populations), connections=tuple(connections),
                   input_fraction=fraction)


def _times(connection: Connection, bits: int) -> Connection:
    if not bits:
        return connection
    weights = connection.weights() << bits
    planes = max(len(connection.planes), planes_needed(weights))
    return replace(connection, planes=ternary_planes(weights, planes))

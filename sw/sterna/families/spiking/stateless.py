"""Populations without memory, which stand between others or read them out."""

from __future__ import annotations

from sterna.families.spiking.network import RealPopulation, Reals
from sterna.law.neuron import Decay, NeuronDefinition, Output, Reset

_SUM = NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.NO_RESET, output=Output.MEMBRANE)
_ANY = NeuronDefinition(decay=Decay.NONE, reset=Reset.HARD, strict=False, membrane_bits=2,
                        factor_bits=2, factor_fraction=0)


def sum_population(name: str, bias: Reals) -> RealPopulation:
    """A read-out: its membrane is the sum of its inputs."""
    return RealPopulation(
        name=name, neurons=bias.size, definition=_SUM, values={"bias": bias})


def any_population(name: str, neurons: int) -> RealPopulation:
    """A spike where any came: the maximum of spikes whose sum leads to it.

    Every spike empties the membrane, so that two bits and no fraction are exact.
    """
    return RealPopulation(name=name, neurons=neurons, definition=_ANY, fraction=0)

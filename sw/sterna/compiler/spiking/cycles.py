"""Cycles of a time step, as the accelerator's units take them."""

from __future__ import annotations

from sterna.compiler.spiking.plan import groups_of, place_sources
from sterna.machine.spiking_configuration import SpikingConfiguration
from sterna.program.spiking import INPUT, SpikingNetwork

ROUND_TRIP = 4
"""Fewest clocks of an event, see `sterna_hw.spiking.synapses`."""
ACCUMULATE_CLOCKS, NEURON_CLOCKS, RUN_CLOCKS = 16, 24, 12
"""About what a command takes beside its events or groups, and a run beside its commands."""


def step_cycles(network: SpikingNetwork, configuration: SpikingConfiguration) -> int:
    """Expected cycles of a step in which no source is silent, within a tenth or so.

    Silent sources take up to as many cycles less as they have weight words.
    """
    width = configuration.neuron_lanes
    cycles = RUN_CLOCKS + place_sources(network, width)[INPUT].words
    for population in network.populations:
        groups = groups_of(population.neurons, configuration.lanes)
        for item in network.into(population.name):
            cycles += ACCUMULATE_CLOCKS + item.planes.shape[2] * max(groups, ROUND_TRIP)
        cycles += NEURON_CLOCKS + groups_of(population.neurons, width)
    return cycles

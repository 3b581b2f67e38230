"""Cycles of a time step, as the accelerator's units take them."""

from __future__ import annotations

from sterna.compiler.spiking.plan import groups_of, joints_into, place_sources, populations
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna.program.instructions import INPUT

ROUND_TRIP = 4
"""Fewest clocks of an event, see `sterna_hw.spiking.synapses`."""
ACCUMULATE_CLOCKS, NEURON_CLOCKS, RUN_CLOCKS = 16, 24, 12
"""About what a command takes beside its events or groups, and a run beside its commands."""


def step_cycles(program: Program, machine: Machine) -> int:
    """Expected cycles of a step in which no source is silent, within a tenth or so.

    Silent sources take up to as many cycles less as they have weight words.
    """
    width = machine.neurons.lanes
    cycles = RUN_CLOCKS + place_sources(program, width)[INPUT].words
    for population in populations(program):
        groups = groups_of(population.length, machine.synapses.lanes)
        for item in joints_into(program, population):
            cycles += ACCUMULATE_CLOCKS + item.matrix.columns * max(groups, ROUND_TRIP)
        cycles += NEURON_CLOCKS + groups_of(population.length, width)
    return cycles

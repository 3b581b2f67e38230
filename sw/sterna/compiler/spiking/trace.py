"""What the trace ports show of a network's time step."""

from __future__ import annotations

from sterna.compiler.spiking.plan import unit_key
from sterna.compiler.trace import TracedSection, TraceLayout, layout_of, neuron_emissions
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna.program.neurons import Neurons


def network_layout(program: Program, machine: Machine) -> TraceLayout:
    """The trace of one run of ``step``."""
    kinds = [kind.definition for kind in machine.neurons.kinds]
    lanes, bits = machine.neurons.lanes, machine.synapses.accumulator_bits
    return layout_of((
        TracedSection(section.name, section.repeat, tuple(
            emission for index, item in enumerate(section.items) if isinstance(item, Neurons)
            for emission in neuron_emissions(
                index, item, kinds.index(unit_key(item.definition, bits)), lanes)))
        for section in program.sections), machine)

# amaranth: UnusedElaboratable=no
"""What is counted in the pipelines of neurons and synapses themselves, which are made for it.

They are not elaborated, and Amaranth is imported only for machines that have any.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sterna.machine.machine import Machine

if TYPE_CHECKING:
    from sterna_hw.spiking import LifEngine


@cache
def neuron_bits(machine: Machine) -> int:
    """Bits of the registers of all neuron lanes."""
    return sum(engine.pipeline_bits for engine in _engines(machine))


@cache
def neuron_multipliers(machine: Machine) -> int:
    """Hardware multipliers of all neuron lanes."""
    return sum(engine.multipliers for engine in _engines(machine))


@cache
def synapse_bits(machine: Machine) -> int:
    """Bits of the registers of all lanes of synapses."""
    from sterna_hw.spiking.synapses import SynapseArray

    return SynapseArray(machine).pipeline_bits


@cache
def _engines(machine: Machine) -> list[LifEngine]:
    from sterna_hw.spiking import LifEngine

    return [
        LifEngine(unit.definition, dict(unit.constants), unit.groups * machine.neurons.lanes,
                  machine.neurons.lanes, varying=unit.varying, always_ready=True,
                  multiplier_bits=machine.neurons.multiplier_bits)
        for unit in machine.neurons.kinds
    ]

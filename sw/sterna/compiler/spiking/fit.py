"""The accelerator that a spiking network needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sterna.compiler.spiking.plan import (
    accumulator_bits_needed,
    code_bits_needed,
    groups_of,
    make_units,
    place_sources,
    taps_needed,
    weight_bits_needed,
)
from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.machine.encoding import GROUP_BITS, LENGTH_BITS
from sterna.machine.spiking_configuration import NeuronUnit, SpikingConfiguration
from sterna.program.spiking import INPUT, SpikingNetwork

PROGRAM_STEP, INPUT_STEP = 16, 16
DEFAULT_LANES, DEFAULT_NEURON_LANES = 16, 4


@dataclass(frozen=True, kw_only=True)
class SpikingShape:
    """What a network leaves open. ``code_bits`` None takes the least that its populations need."""

    lanes: int = DEFAULT_LANES
    neuron_lanes: int = DEFAULT_NEURON_LANES
    code_bits: int | None = None
    multiplier_bits: int = 18


def fit_spiking(network: SpikingNetwork, shape: SpikingShape | None = None) -> SpikingConfiguration:
    """The smallest accelerator of a shape that runs the network, some depths rounded up.

    Raises `InputError` when the network exceeds what instructions can name, or the shape is none.
    """
    shape = shape or SpikingShape()
    needed = code_bits_needed(network)
    code_bits = shape.code_bits or needed
    if code_bits < needed:
        raise InputError(
            f"{network.name}: its codes need {needed} bits, not {code_bits}; give code bits "
            f"{needed} or more")
    # Checks the shape before anything is divided by it.
    checked = SpikingConfiguration(
        lanes=shape.lanes, neuron_lanes=shape.neuron_lanes, code_bits=code_bits,
        multiplier_bits=shape.multiplier_bits,
        units=(NeuronUnit(definition=NeuronDefinition(sum_bits=20)),))
    lanes, width = checked.lanes, checked.neuron_lanes
    bits = accumulator_bits_needed(network, checked.code_limit)
    sources = place_sources(network, width)
    sizes = {item.name: item.neurons for item in network.populations}
    most = max(sizes.values())
    for what, size, limit in (
        ("sources", max(network.inputs, most), 1 << LENGTH_BITS),
        ("groups of targets", groups_of(most, lanes), 1 << GROUP_BITS),
    ):
        if size >= limit:
            raise InputError(f"{network.name}: {size} {what}; an instruction names at most "
                             f"{limit - 1}")
    units = make_units(network, width, bits)
    weights = sum(item.planes.shape[2] * groups_of(item.planes.shape[1], lanes)
                  for item in network.connections)
    constants = sum(unit.groups for unit in units if unit.varying)
    instructions = len(network.connections) + len(network.populations) + 4
    return replace(
        checked,
        weight_bits=weight_bits_needed(network),
        taps=taps_needed(network),
        accumulator_bits=bits,
        weight_depth=max(1, weights),
        accumulator_depth=groups_of(most, lanes),
        code_depth=sum(placed.words for placed in sources.values()),
        constant_depth=max(1, constants),
        input_depth=groups_of(sources[INPUT].words, INPUT_STEP) * INPUT_STEP,
        program_depth=groups_of(instructions, PROGRAM_STEP) * PROGRAM_STEP,
        outputs=sizes[network.output],
        units=units,
    )

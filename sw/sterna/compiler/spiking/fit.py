"""The accelerator that a spiking network needs."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.compiler.spiking.legality import check_legal
from sterna.compiler.spiking.plan import (
    accumulator_bits_needed,
    code_bits_needed,
    groups_of,
    joints,
    make_units,
    output_of,
    place_sources,
    populations,
    taps_needed,
    weight_bits_needed,
)
from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.machine.machine import Machine
from sterna.machine.presets import step_machine
from sterna.machine.units.neurons import NeuronKind
from sterna.program.definition import Program
from sterna.program.instructions import INPUT

PROGRAM_STEP, INPUT_STEP = 16, 16
DEFAULT_LANES, DEFAULT_NEURON_LANES = 16, 4


@dataclass(frozen=True, kw_only=True)
class SpikingShape:
    """What a network leaves open. ``code_bits`` None takes the least that its populations need."""

    lanes: int = DEFAULT_LANES
    neuron_lanes: int = DEFAULT_NEURON_LANES
    code_bits: int | None = None
    multiplier_bits: int = 18


def fit_spiking(program: Program, shape: SpikingShape | None = None) -> Machine:
    """The smallest accelerator of a shape that runs the program, some depths rounded up.

    Raises `InputError` when a spiking accelerator cannot run it, or the shape is none.
    """
    shape = shape or SpikingShape()
    # Checks the shape before anything is divided by it.
    checked = step_machine(
        synapse_lanes=shape.lanes, neuron_lanes=shape.neuron_lanes, code_bits=shape.code_bits or 8,
        multiplier_bits=shape.multiplier_bits,
        neuron_kinds=(NeuronKind(definition=NeuronDefinition(sum_bits=20)),))
    lanes, width = checked.synapses.lanes, checked.neurons.lanes
    check_legal(program, lanes)
    needed = code_bits_needed(program)
    checked = checked.having(code_bits=shape.code_bits or needed)
    if checked.neurons.code_bits < needed:
        raise InputError(
            f"{program.name}: its codes need {needed} bits, not {checked.neurons.code_bits}; "
            f"give code bits {needed} or more")
    bits = accumulator_bits_needed(program, checked.neurons.code_limit)
    sources = place_sources(program, width)
    units = make_units(program, width, bits)
    weights = sum(item.matrix.columns * groups_of(item.matrix.rows, lanes)
                  for item in joints(program))
    constants = sum(unit.groups for unit in units if unit.varying)
    members = populations(program)
    instructions = sum(len(item.synapses) + 1 for item in members) + 4
    return checked.having(
        weight_bits=weight_bits_needed(program),
        taps=taps_needed(program),
        accumulator_bits=bits,
        weight_depth=max(1, weights),
        accumulator_depth=groups_of(max(item.length for item in members), lanes),
        code_depth=sum(placed.words for placed in sources.values()),
        constant_depth=max(1, constants),
        input_depth=groups_of(sources[INPUT].words, INPUT_STEP) * INPUT_STEP,
        program_depth=groups_of(instructions, PROGRAM_STEP) * PROGRAM_STEP,
        outputs=output_of(program).length,
        kinds=units,
    )

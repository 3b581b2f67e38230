"""The memory image of a spiking network: program, weights with their taps, parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.spiking.fit import SpikingShape, fit_spiking
from sterna.compiler.spiking.plan import (
    Joint,
    groups_of,
    joints,
    joints_into,
    numbers_of,
    output_of,
    place_sources,
    populations,
    unit_key,
)
from sterna.errors import InputError
from sterna.law.neuron import Output
from sterna.law.neuron_parameters import FACTORS
from sterna.machine.encoding import Kind, encode
from sterna.machine.host_side import STEPS, HostSide
from sterna.machine.image import ImagePart, MemoryImage
from sterna.machine.protocol import Space
from sterna.machine.spiking_configuration import NeuronUnit, SpikingConfiguration
from sterna.machine.words import pack_mixed, word_bytes
from sterna.program.definition import Program
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons

STEP, RESET = "step", "reset"


def compile_network(program: Program, configuration: SpikingConfiguration | None = None,
                    *, skip: bool = True) -> MemoryImage:
    """The image of a spiking network for an accelerator, by default the one that fits it.

    ``skip`` leaves silent sources out, which changes no result. Raises `InputError` when the
    program is none of populations alone, or does not fit the configuration.
    """
    configuration = configuration or fit_spiking(program)
    _check(program, configuration)
    instructions, entries = _instructions(program, configuration, skip)
    parts = {
        Space.PROGRAM: instructions,
        Space.WEIGHTS: _weights(program, configuration),
        Space.CONSTANTS: _constants(program, configuration),
    }
    output, given = output_of(program), program.codes[INPUT]
    nothing = {space: ImagePart(0, word_bytes(configuration, space), lambda: iter(()))
               for space in Space}
    return MemoryImage(
        configuration=configuration,
        model=program.name,
        parts=nothing | {
            space: ImagePart.from_array(words) for space, words in parts.items() if len(words)},
        entries=entries,
        rows=0,
        placement="host",
        row_groups=groups_of(given.length, configuration.neuron_lanes),
        host=HostSide(STEPS, {
            "inputs": given.length, "input_fraction": given.fraction,
            "output": output.name, "outputs": output.length,
            "spikes": output.definition.output is Output.SPIKE,
        }),
    )


def _check(program: Program, configuration: SpikingConfiguration) -> None:
    """Raise `InputError` that lists what does not fit and by how much."""
    needed = fit_spiking(program, SpikingShape(
        lanes=configuration.lanes, neuron_lanes=configuration.neuron_lanes,
        code_bits=configuration.code_bits, multiplier_bits=configuration.multiplier_bits))
    fields = ("weight_bits", "taps", "accumulator_bits", "weight_depth", "accumulator_depth",
              "code_depth", "constant_depth", "input_depth", "program_depth")
    short = [
        f"{name} = {getattr(configuration, name)} must be at least {getattr(needed, name)}"
        for name in fields if getattr(configuration, name) < getattr(needed, name)
    ]
    if configuration.outputs != needed.outputs:
        short.append(f"outputs = {configuration.outputs} must be {needed.outputs}")
    units = tuple(
        replace(unit, definition=unit_key(unit.definition, configuration.accumulator_bits))
        for unit in needed.units)
    if units != configuration.units:
        short.append("its neurons are others")
    if short:
        raise InputError(
            f"network {program.name} does not fit the configuration: {'; '.join(short)}")


def _unit_of(item: Neurons, configuration: SpikingConfiguration) -> int:
    definition = unit_key(item.definition, configuration.accumulator_bits)
    return [unit.definition for unit in configuration.units].index(definition)


def _instructions(program: Program, configuration: SpikingConfiguration, skip: bool
                  ) -> tuple[NDArray[np.uint8], dict[str, int]]:
    width = configuration.neuron_lanes
    sources = place_sources(program, width)
    words = sum(placed.words for placed in sources.values())
    code = [
        encode(configuration, Kind.NEURON, groups=words, clear=1),
        encode(configuration, Kind.END),
        encode(configuration, Kind.NEURON, groups=sources[INPUT].words, store=1),
    ]
    weights = 0
    for population in populations(program):
        for item in joints_into(program, population):
            groups = groups_of(population.length, configuration.lanes)
            count = item.matrix.columns
            code.append(encode(
                configuration, Kind.ACCUMULATE, codes=sources[item.source].word, sources=count,
                weights=weights, groups=groups, skip=int(skip)))
            weights += groups * count
        placed = None if population.codes is None else sources[population.codes]
        code.append(encode(
            configuration, Kind.NEURON,
            unit=1 + _unit_of(population, configuration),
            codes=placed.word if placed else 0, groups=groups_of(population.length, width),
            store=int(placed is not None), result=int(population.result in program.results)))
    code.append(encode(configuration, Kind.END))
    size = word_bytes(configuration, Space.PROGRAM)
    packed = b"".join(word.to_bytes(size, "little") for word in code)
    return np.frombuffer(packed, np.uint8).reshape(-1, size), {RESET: 0, STEP: 2}


def _weights(program: Program, configuration: SpikingConfiguration) -> NDArray[np.uint8]:
    """Weight words of the connections in the order of the program: by target, source, group."""
    size = word_bytes(configuration, Space.WEIGHTS)
    parts = [np.zeros((0, size), np.uint8)]
    parts += [_columns(item, configuration, size) for item in joints(program)]
    return np.concatenate(parts)


def _columns(item: Joint, configuration: SpikingConfiguration, size: int) -> NDArray[np.uint8]:
    lanes = configuration.lanes

    def grouped(values: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.pad(values.T, ((0, 0), (0, -values.shape[0] % lanes))).reshape(-1, lanes)

    fields = [(grouped(item.weights()), configuration.weight_bits)]
    if configuration.tap_bits:
        fields.append((grouped(item.taps()), configuration.tap_bits))
    return pack_mixed(fields, size)


def _constants(program: Program, configuration: SpikingConfiguration) -> NDArray[np.uint8]:
    """The varying parameters of the neurons, groups in the order of execution."""
    size, lanes = word_bytes(configuration, Space.CONSTANTS), configuration.neuron_lanes
    parts = [np.zeros((0, size), np.uint8)]
    for population in populations(program):
        unit = configuration.units[_unit_of(population, configuration)]
        if unit.varying:
            full = dict(numbers_of(program, population).expanded(population.length).items())
            columns = [np.pad(full[name], (0, -population.length % lanes)).reshape(-1, lanes)
                       for name in unit.varying]
            fields = [(column[:, lane:lane + 1], bits) for lane in range(lanes)
                      for column, bits in zip(columns, _widths(unit), strict=True)]
            parts.append(pack_mixed(fields, size))
    return np.concatenate(parts)


def _widths(unit: NeuronUnit) -> list[int]:
    d = unit.definition
    return [d.factor_bits if name in FACTORS else d.membrane_bits for name in unit.varying]

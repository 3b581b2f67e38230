"""The memory image of a spiking network: program, weights with their taps, parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.spiking.fit import SpikingShape, fit_spiking
from sterna.compiler.spiking.plan import groups_of, place_sources, taps, unit_key
from sterna.errors import InputError
from sterna.law.neuron import Output
from sterna.law.neuron_parameters import FACTORS
from sterna.machine.encoding import Kind, encode
from sterna.machine.host_side import STEPS, HostSide
from sterna.machine.image import ImagePart, MemoryImage
from sterna.machine.protocol import Space
from sterna.machine.spiking_configuration import NeuronUnit, SpikingConfiguration
from sterna.machine.words import pack_mixed, word_bytes
from sterna.program.spiking import INPUT, Connection, SpikingNetwork

STEP, RESET = "step", "reset"


def compile_network(network: SpikingNetwork, configuration: SpikingConfiguration | None = None,
                    *, skip: bool = True) -> MemoryImage:
    """The image of a network for an accelerator, by default the one that fits it.

    ``skip`` leaves silent sources out, which changes no result. Raises `InputError` when the
    network does not fit the configuration.
    """
    configuration = configuration or fit_spiking(network)
    _check(network, configuration)
    program, entries = _program(network, configuration, skip)
    parts = {
        Space.PROGRAM: program,
        Space.WEIGHTS: _weights(network, configuration),
        Space.CONSTANTS: _constants(network, configuration),
    }
    output = network.population(network.output)
    nothing = {space: ImagePart(0, word_bytes(configuration, space), lambda: iter(()))
               for space in Space}
    return MemoryImage(
        configuration=configuration,
        model=network.name,
        parts=nothing | {
            space: ImagePart.from_array(words) for space, words in parts.items() if len(words)},
        entries=entries,
        rows=0,
        placement="host",
        row_groups=groups_of(network.inputs, configuration.neuron_lanes),
        host=HostSide(STEPS, {
            "inputs": network.inputs, "input_fraction": network.input_fraction,
            "output": network.output, "outputs": output.neurons,
            "spikes": output.definition.output is Output.SPIKE,
        }),
    )


def _check(network: SpikingNetwork, configuration: SpikingConfiguration) -> None:
    """Raise `InputError` that lists what does not fit and by how much."""
    needed = fit_spiking(network, SpikingShape(
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
            f"network {network.name} does not fit the configuration: {'; '.join(short)}")


def _unit_of(network: SpikingNetwork, configuration: SpikingConfiguration, name: str) -> int:
    definition = unit_key(network.population(name).definition, configuration.accumulator_bits)
    return [unit.definition for unit in configuration.units].index(definition)


def _program(network: SpikingNetwork, configuration: SpikingConfiguration, skip: bool
             ) -> tuple[NDArray[np.uint8], dict[str, int]]:
    width = configuration.neuron_lanes
    sources = place_sources(network, width)
    words = sum(placed.words for placed in sources.values())
    program = [
        encode(configuration, Kind.NEURON, groups=words, clear=1),
        encode(configuration, Kind.END),
        encode(configuration, Kind.NEURON, groups=sources[INPUT].words, store=1),
    ]
    weights = 0
    for population in network.populations:
        for item in network.into(population.name):
            groups = groups_of(population.neurons, configuration.lanes)
            count = item.planes.shape[2]
            program.append(encode(
                configuration, Kind.ACCUMULATE, codes=sources[item.source].word, sources=count,
                weights=weights, groups=groups, skip=int(skip)))
            weights += groups * count
        placed = sources.get(population.name)
        program.append(encode(
            configuration, Kind.NEURON,
            unit=1 + _unit_of(network, configuration, population.name),
            codes=placed.word if placed else 0, groups=groups_of(population.neurons, width),
            store=int(placed is not None), result=int(population.name == network.output)))
    program.append(encode(configuration, Kind.END))
    size = word_bytes(configuration, Space.PROGRAM)
    packed = b"".join(word.to_bytes(size, "little") for word in program)
    return np.frombuffer(packed, np.uint8).reshape(-1, size), {RESET: 0, STEP: 2}


def _weights(network: SpikingNetwork, configuration: SpikingConfiguration) -> NDArray[np.uint8]:
    """Weight words of the connections in the order of the program: by target, source, group."""
    size = word_bytes(configuration, Space.WEIGHTS)
    parts = [np.zeros((0, size), np.uint8)]
    for population in network.populations:
        for item in network.into(population.name):
            parts.append(_columns(network, item, configuration, size))
    return np.concatenate(parts)


def _columns(network: SpikingNetwork, item: Connection, configuration: SpikingConfiguration,
             size: int) -> NDArray[np.uint8]:
    lanes = configuration.lanes

    def grouped(values: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.pad(values.T, ((0, 0), (0, -values.shape[0] % lanes))).reshape(-1, lanes)

    fields = [(grouped(item.weights()), configuration.weight_bits)]
    if configuration.tap_bits:
        fields.append((grouped(taps(network, item)), configuration.tap_bits))
    return pack_mixed(fields, size)


def _constants(network: SpikingNetwork, configuration: SpikingConfiguration) -> NDArray[np.uint8]:
    """The varying parameters of the neurons, groups in the order of execution."""
    size, lanes = word_bytes(configuration, Space.CONSTANTS), configuration.neuron_lanes
    parts = [np.zeros((0, size), np.uint8)]
    for population in network.populations:
        unit = configuration.units[_unit_of(network, configuration, population.name)]
        if unit.varying:
            full = dict(population.parameters.expanded(population.neurons).items())
            columns = [np.pad(full[name], (0, -population.neurons % lanes)).reshape(-1, lanes)
                       for name in unit.varying]
            fields = [(column[:, lane:lane + 1], bits) for lane in range(lanes)
                      for column, bits in zip(columns, _widths(unit), strict=True)]
            parts.append(pack_mixed(fields, size))
    return np.concatenate(parts)


def _widths(unit: NeuronUnit) -> list[int]:
    d = unit.definition
    return [d.factor_bits if name in FACTORS else d.membrane_bits for name in unit.varying]

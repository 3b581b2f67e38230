"""The memory image of a spiking network: program, weights with their taps, parameters."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.kept import kept_codes, kept_neurons
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
from sterna.machine.encoding import encode
from sterna.machine.host_side import STEPS, HostSide
from sterna.machine.image import ImagePart, MemoryImage
from sterna.machine.kept import KeptValue
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.neurons import NeuronKind
from sterna.machine.units.read import Read
from sterna.machine.words import pack_mixed, word_bytes
from sterna.program.definition import Program
from sterna.program.digest import program_digest
from sterna.program.instructions import INPUT
from sterna.program.neurons import Neurons

STEP, RESET = "step", "reset"


def compile_network(program: Program, machine: Machine | None = None,
                    *, skip: bool = True) -> MemoryImage:
    """The image of a spiking network for an accelerator, by default the one that fits it.

    ``skip`` leaves silent sources out, which changes no result. Raises `InputError` when the
    program is none of populations alone, or does not fit the machine.
    """
    machine = machine or fit_spiking(program)
    _check(program, machine)
    instructions, entries = _instructions(program, machine, skip)
    parts = {
        Space.PROGRAM: instructions,
        Space.SYNAPSES: _weights(program, machine),
        Space.NEURONS: _constants(program, machine),
    }
    output, given = output_of(program), program.codes[INPUT]
    nothing = {item.name: ImagePart(0, word_bytes(machine, item.name), lambda: iter(()))
               for item in machine.memories}
    return MemoryImage(
        machine=machine,
        model=program.name,
        parts=nothing | {
            space: ImagePart.from_array(words) for space, words in parts.items() if len(words)},
        entries=entries,
        rows=0,
        placement="host",
        row_groups=groups_of(given.length, machine.neurons.lanes),
        host=HostSide(STEPS, {
            "inputs": given.length, "input_fraction": given.fraction,
            "output": output.name, "outputs": output.length,
            "spikes": output.definition.output is Output.SPIKE,
        }),
        kept=_kept(program, machine) if machine.has(Read.name) else (),
        program=partial(program_digest, program),
    )


def _kept(program: Program, machine: Machine) -> tuple[KeptValue, ...]:
    words = {name: placed.word
             for name, placed in place_sources(program, machine.neurons.lanes).items()}
    return (*kept_neurons(program, machine, lambda item: _unit_of(item, machine)),
            *kept_codes(program, machine, words))


def _check(program: Program, machine: Machine) -> None:
    """Raise `InputError` that lists what does not fit and by how much."""
    needed = fit_spiking(program, SpikingShape(
        lanes=machine.synapses.lanes, neuron_lanes=machine.neurons.lanes,
        code_bits=machine.neurons.code_bits, multiplier_bits=machine.neurons.multiplier_bits))
    fields = ("weight_bits", "taps", "accumulator_bits", "weight_depth", "accumulator_depth",
              "code_depth", "constant_depth", "input_depth", "program_depth")
    short = [
        f"{name} = {machine.value(name)} must be at least {needed.value(name)}"
        for name in fields if machine.value(name) < needed.value(name)
    ]
    if machine.neurons.outputs != needed.neurons.outputs:
        short.append(f"outputs = {machine.neurons.outputs} must be {needed.neurons.outputs}")
    units = tuple(
        replace(unit, definition=unit_key(unit.definition, machine.synapses.accumulator_bits))
        for unit in needed.neurons.kinds)
    if units != machine.neurons.kinds:
        short.append("its neurons are others")
    if short:
        raise InputError(
            f"network {program.name} does not fit the machine: {'; '.join(short)}")


def _unit_of(item: Neurons, machine: Machine) -> int:
    definition = unit_key(item.definition, machine.synapses.accumulator_bits)
    return [unit.definition for unit in machine.neurons.kinds].index(definition)


def _instructions(program: Program, machine: Machine, skip: bool
                  ) -> tuple[NDArray[np.uint8], dict[str, int]]:
    width = machine.neurons.lanes
    sources = place_sources(program, width)
    words = sum(placed.words for placed in sources.values())
    code = [
        encode(machine, "NEURON", groups=words, clear=1),
        encode(machine, "END"),
        encode(machine, "NEURON", groups=sources[INPUT].words, store=1),
    ]
    weights = 0
    for population in populations(program):
        for item in joints_into(program, population):
            groups = groups_of(population.length, machine.synapses.lanes)
            count = item.matrix.columns
            code.append(encode(
                machine, "ACCUMULATE", codes=sources[item.source].word, sources=count,
                weights=weights, groups=groups, skip=int(skip)))
            weights += groups * count
        placed = None if population.codes is None else sources[population.codes]
        code.append(encode(
            machine, "NEURON",
            unit=1 + _unit_of(population, machine),
            codes=placed.word if placed else 0, groups=groups_of(population.length, width),
            store=int(placed is not None), result=int(population.result in program.results)))
    code.append(encode(machine, "END"))
    size = word_bytes(machine, Space.PROGRAM)
    packed = b"".join(word.to_bytes(size, "little") for word in code)
    return np.frombuffer(packed, np.uint8).reshape(-1, size), {RESET: 0, STEP: 2}


def _weights(program: Program, machine: Machine) -> NDArray[np.uint8]:
    """Weight words of the connections in the order of the program: by target, source, group."""
    size = word_bytes(machine, Space.SYNAPSES)
    parts = [np.zeros((0, size), np.uint8)]
    parts += [_columns(item, machine, size) for item in joints(program)]
    return np.concatenate(parts)


def _columns(item: Joint, machine: Machine, size: int) -> NDArray[np.uint8]:
    lanes = machine.synapses.lanes

    def grouped(values: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.pad(values.T, ((0, 0), (0, -values.shape[0] % lanes))).reshape(-1, lanes)

    fields = [(grouped(item.weights()), machine.synapses.weight_bits)]
    if machine.synapses.tap_bits:
        fields.append((grouped(item.taps()), machine.synapses.tap_bits))
    return pack_mixed(fields, size)


def _constants(program: Program, machine: Machine) -> NDArray[np.uint8]:
    """The varying parameters of the neurons, groups in the order of execution."""
    size, lanes = word_bytes(machine, Space.NEURONS), machine.neurons.lanes
    parts = [np.zeros((0, size), np.uint8)]
    for population in populations(program):
        unit = machine.neurons.kinds[_unit_of(population, machine)]
        if unit.varying:
            full = dict(numbers_of(program, population).expanded(population.length).items())
            columns = [np.pad(full[name], (0, -population.length % lanes)).reshape(-1, lanes)
                       for name in unit.varying]
            fields = [(column[:, lane:lane + 1], bits) for lane in range(lanes)
                      for column, bits in zip(columns, _widths(unit), strict=True)]
            parts.append(pack_mixed(fields, size))
    return np.concatenate(parts)


def _widths(unit: NeuronKind) -> list[int]:
    d = unit.definition
    return [d.factor_bits if name in FACTORS else d.membrane_bits for name in unit.varying]

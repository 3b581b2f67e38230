"""Where a machine keeps what a program keeps from RUN to RUN."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.compiler.allocation import Allocation
from sterna.compiler.kinds import Widths, kind_of, place_sources
from sterna.compiler.populations import populations
from sterna.errors import InputError
from sterna.machine.kept import KeptValue
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import CODES, history_bits, kind_states
from sterna.machine.units.vector import VECTORS
from sterna.program.definition import Program


def kept_name(section: str, repetition: int, name: str) -> str:
    """What the golden calls it (`sterna.golden.state.State.snapshot`)."""
    return f"{section}[{repetition}].{name}"


def kept_vectors(program: Program, machine: Machine, allocation: Allocation
                 ) -> Iterator[KeptValue]:
    """Vectors of lifetime state that are written; others stay 0."""
    lanes, bits = machine.vector.lanes, machine.vector.word_bits
    for section in program.sections:
        names = dict.fromkeys(name for item in section.items for name in item.vectors_written())
        for repetition in range(section.repeat):
            for name in names:
                declared = program.vectors[name]
                if declared.lifetime == "state":
                    address = allocation.addresses[section.name, name]
                    step = allocation.steps[section.name] if address.layer else 0
                    yield KeptValue(
                        kept_name(section.name, repetition, name), VECTORS,
                        address.base + repetition * step, declared.length, lanes, bits, bits)


def kept_neurons(program: Program, machine: Machine) -> Iterator[KeptValue]:
    """State words of populations, which are in their engine in the order of execution."""
    lanes, groups = machine.neurons.lanes, [0] * len(machine.neurons.kinds)
    widths, places = Widths.of(machine), populations(program)
    for section in program.sections:
        for repetition in range(section.repeat):
            for found in places:
                if found.section is not section:
                    continue
                item, number, place = found.item, kind_of(machine, found), 0
                kind = machine.neurons.kinds[number]
                for name in item.definition.states:
                    bits = kind.definition.state_bits(name)
                    yield KeptValue(
                        f"{kept_name(section.name, repetition, item.name)}.{name}",
                        kind_states(number), groups[number], item.length, lanes, kind.state_bits,
                        bits, place, signed=name != "refractory")
                    place += bits
                groups[number] += widths.groups(item)


def kept_codes(program: Program, machine: Machine) -> Iterator[KeptValue]:
    """Codes of RUNs before, in the memory that synapses read.

    Raises `InputError` for codes that are kept for longer than anyone reads them.
    """
    sources = place_sources(program, Widths.of(machine))
    homes = {place.item.codes: place.section.name for place in populations(program)}
    for name, codes in program.codes.items():
        if not codes.history or name not in sources:
            continue
        if codes.history > machine.synapses.taps:
            raise InputError(f"program {program.name}: keeps the codes {name} of {codes.history} "
                             f"RUNs, the machine those of {machine.synapses.taps}")
        whole = codes.lifetime == "carried"
        yield KeptValue(
            f"{name if whole else kept_name(homes[name], 0, name)}.past", CODES,
            sources[name].word,
            codes.length, machine.neurons.lanes, history_bits(machine),
            machine.neurons.code_bits, runs=codes.history)

"""The compiler's part of the neurons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sterna.compiler.check_neurons import check_neurons
from sterna.compiler.clock_neurons import issue_neurons
from sterna.compiler.emission import Emission
from sterna.compiler.flow_neurons import accept_neurons
from sterna.compiler.kept import kept_codes, kept_neurons
from sterna.compiler.kinds import (
    Widths,
    kinds_used,
    make_kinds,
    parameter_memory,
    place_sources,
    result_places,
    words_of,
)
from sterna.compiler.operands import codes_taken
from sterna.compiler.plan import NeuronStep, Plan
from sterna.compiler.populations import (
    code_bits_needed,
    groups_of,
    populations,
    sum_bits_needed,
)
from sterna.compiler.products import product_reach
from sterna.compiler.schedule_neurons import schedule_neurons
from sterna.compiler.synapse_words import neuron_words
from sterna.compiler.unit import Instruction, ItemRules, StepRules, UnitCompiler
from sterna.errors import InputError
from sterna.machine.image import ImagePart
from sterna.machine.kept import KeptValue
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.neurons import Neurons as NeuronsUnit
from sterna.program.definition import Program
from sterna.program.neurons import Neurons

_STEP = 16
"""Depth of look-up table memory."""


def encode_neurons(step: NeuronStep, machine: Machine) -> Instruction:
    """NEURON."""
    return "NEURON", {
        "unit": 0 if step.kind is None else 1 + step.kind,
        "codes": step.codes or 0, "groups": step.groups, "store": int(step.codes is not None),
        "result": int(step.result), **({"give": 1} if step.give else {}),
        **({} if step.weights is None else {"weigh": 1, "weights": step.weights}),
        **({"words": step.words} if machine.neurons.cycle else {}),
    }


def show_neurons(step: NeuronStep, inner: int) -> Iterator[Emission]:
    """Sums, outputs and all states, at the ports of the kind."""
    del inner
    if step.kind is None:
        return
    for name, operations in (("sums", (-1,)), ("outputs", (0,)),
                             ("states", tuple(range(1, 1 + step.states)))):
        yield Emission(f"{step.kind}_{name}", step.item, operations, 0, step.groups,
                       step.elements, owner=step.name)


class NeuronsCompiler(UnitCompiler):
    """Populations, and the codes of the input; the parameters of neurons."""

    name = "neuron"
    items = {Neurons: ItemRules(check=check_neurons, schedule=schedule_neurons,
                                beside=lambda item: ("synapse",) if (
                                    item.synapses or item.products or item.weights) else ())}
    steps = {NeuronStep: StepRules(encode=encode_neurons, accept=accept_neurons,
                                   issue=issue_neurons, shows=show_neurons)}
    program_step = 16

    def used(self, program: Program) -> bool:
        return bool(populations(program))

    def shaped(self, program: Program, base: Machine, wanted: Mapping[str, int]) -> NeuronsUnit:
        vector = base.vector if base.has_words else None
        if base.has(self.name):
            unit = base.neurons
        else:
            unit = NeuronsUnit(lanes=vector.lanes) if vector else NeuronsUnit()
        least = code_bits_needed(program)
        bits = wanted.get("code_bits") or least
        if bits < least:
            raise InputError(f"{program.name}: its codes need {least} bits, not {bits}; give code "
                             f"bits {least} or more")
        unit = replace(unit, code_bits=bits)
        widths = Widths(
            lanes=unit.lanes,
            sum_bits=sum_bits_needed(program, unit.code_limit, product_reach),
            vector_lanes=vector.lanes if vector else 0, word_bits=program.word_bits)
        kinds = make_kinds(program, widths)
        return replace(
            unit, kinds=kinds, outputs=_outputs(program, widths), **_depths(program, widths),
            **parameter_memory(program, widths, kinds))

    def needed(self, program: Program, machine: Machine, plan: Plan,
               placement: str) -> Mapping[str, int]:
        used = kinds_used(program, machine)
        widths = Widths.of(machine)
        fields = {"code_bits": code_bits_needed(program), "outputs": _outputs(program, widths),
                  "constant_depth": max(1, sum(kind.constants for kind in used)),
                  **_depths(program, widths)}
        if machine.neurons.cycle:
            fields["cycle"] = max(
                (words_of(machine, place) for place in populations(program)), default=0)
        return {NeuronsUnit.label(name): value for name, value in fields.items()}

    def fitted(self, machine: Machine, plan: Plan, needed: Mapping[str, int]) -> dict[str, int]:
        """Nothing depends on the schedule."""
        return {}

    def other(self, program: Program, machine: Machine, needed: Mapping[str, int]) -> list[str]:
        used = zip(kinds_used(program, machine), machine.neurons.kinds, strict=True)
        return [f"groups of its kind {number} of neurons are {kind.groups}, not {use.groups}"
                for number, (use, kind) in enumerate(used) if use.groups > kind.groups]

    def parts(self, program: Program, machine: Machine, plan: Plan,
              placement: str) -> Mapping[str, ImagePart]:
        return {Space.NEURONS: ImagePart.from_array(neuron_words(program, machine))}

    def kept(self, program: Program, machine: Machine) -> Iterator[KeptValue]:
        yield from kept_neurons(program, machine)
        yield from kept_codes(program, machine)

    def reset(self, program: Program, machine: Machine, plan: Plan) -> list[Instruction]:
        """Past codes and the states of all neurons become zero."""
        placed = place_sources(program, Widths.of(machine)).values()
        return [("NEURON", {"groups": max(1, sum(source.words for source in placed)),
                            "clear": 1})]


def _outputs(program: Program, widths: Widths) -> int:
    """Values that leave with a RUN, with those between populations that mean nothing."""
    places = result_places(program, widths)
    return max((places[place.item.result] + place.item.length for place in populations(program)
                if place.item.result in places), default=0)


def _depths(program: Program, widths: Widths) -> dict[str, int]:
    """The least depths, in words of what they name."""
    given = [groups_of(place.item.length, widths.vector_lanes) for place in populations(program)
             if any(place.item.codes in codes_taken(item) for item in place.section.items)
             ] if widths.vector_lanes else []
    inputs = groups_of(program.input_length, widths.lanes) if program.takes_codes else 0
    return {
        "code_depth": sum(placed.words for placed in place_sources(program, widths).values()),
        "input_depth": groups_of(inputs, _STEP) * _STEP,
        "given_depth": groups_of(max(given, default=0), _STEP) * _STEP,
    }

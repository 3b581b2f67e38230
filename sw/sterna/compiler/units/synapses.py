"""The compiler's part of the synapses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sterna.compiler.clock_neurons import issue_accumulate
from sterna.compiler.flow_neurons import accept_accumulate
from sterna.compiler.plan import AccumulateStep, Plan
from sterna.compiler.populations import (
    code_bits_needed,
    groups_of,
    joints,
    populations,
    sum_bits_needed,
    taps_needed,
    weight_bits_needed,
)
from sterna.compiler.products import factors, product_reach, written_bits, written_words
from sterna.compiler.synapse_words import synapse_words, window_words
from sterna.compiler.unit import Instruction, StepRules, UnitCompiler
from sterna.machine.image import ImagePart
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.synapses import Synapses
from sterna.program.definition import Program


def encode_accumulate(step: AccumulateStep, machine: Machine) -> Instruction:
    """ACCUMULATE."""
    return "ACCUMULATE", {"codes": step.codes, "sources": step.sources, "weights": step.weights,
                          "groups": step.groups, "skip": int(step.skip),
                          **({"window": step.window} if machine.synapses.window_depth else {})}


class SynapsesCompiler(UnitCompiler):
    """Synapses of populations; their weights."""

    name = "synapse"
    steps = {AccumulateStep: StepRules(encode=encode_accumulate, accept=accept_accumulate,
                                       issue=issue_accumulate, shows=lambda step, inner: ())}

    def used(self, program: Program) -> bool:
        return any(place.item.synapses or place.item.products or place.item.weights
                   for place in populations(program))

    def shaped(self, program: Program, base: Machine, wanted: Mapping[str, int]) -> Synapses:
        unit = super().shaped(program, base, wanted)
        assert isinstance(unit, Synapses)
        bits = wanted.get("code_bits") or code_bits_needed(program)
        return replace(unit, **_fields(program, unit.lanes, (1 << bits - 1) - 1))

    def needed(self, program: Program, machine: Machine, plan: Plan,
               placement: str) -> Mapping[str, int]:
        fields = _fields(program, machine.synapses.lanes, machine.neurons.code_limit)
        return {Synapses.label(name): value for name, value in fields.items()}

    def parts(self, program: Program, machine: Machine, plan: Plan,
              placement: str) -> Mapping[str, ImagePart]:
        parts: dict[str, ImagePart] = {
            Space.SYNAPSES: ImagePart.from_array(synapse_words(program, machine))}
        if machine.synapses.window_depth:
            parts[Space.WINDOWS] = ImagePart.from_array(window_words(program, machine))
        return parts


def _fields(program: Program, lanes: int, limit: int) -> dict[str, int]:
    """The least that a program needs, of so many lanes and with codes up to the limit."""
    sizes = [place.item.length for place in populations(program)
             if place.item.synapses or place.item.products]
    written = written_words(program, lanes)
    weights = sum(joint.words(lanes) for joint in joints(program))
    return {
        "weight_bits": max(weight_bits_needed(program), written_bits(program)),
        "taps": taps_needed(program),
        "accumulator_bits": sum_bits_needed(program, limit, product_reach),
        "weight_depth": max(1, weights + written),
        "written_depth": written,
        "accumulator_depth": groups_of(max(sizes, default=1), lanes),
        "window_depth": (sum(joint.table_words for joint in joints(program))
                         + sum(factor.words(lanes).table_words for factor in factors(program))),
    }

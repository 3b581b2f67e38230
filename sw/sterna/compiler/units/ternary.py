"""The compiler's part of the ternary engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import lcm
from typing import Any

from sterna.compiler.clock_ternary import issue_matmul
from sterna.compiler.emission import Emission
from sterna.compiler.flow_ternary import accept_matmul
from sterna.compiler.packing import by_level, weight_pieces, weight_words
from sterna.compiler.plan import MatmulStep, Plan
from sterna.compiler.unit import Instruction, StepRules, UnitCompiler
from sterna.law.arithmetic import SHIFT_STEP
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.image import ImagePart
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.unit import Unit
from sterna.machine.units.ternary import MOST_BLOCK_GROUPS, Ternary
from sterna.machine.weight_words import bundle
from sterna.machine.words import word_bytes
from sterna.program.definition import Program

MEMORY_STEP, CODE_STEP = 512, 64


def encode_matmul(step: MatmulStep, machine: Machine) -> Instruction:
    """MATMUL."""
    several = ({"planes": step.planes, "shift": step.shift // SHIFT_STEP}
               if machine.ternary.planes > 1 else {})
    return "MATMUL", {
        "groups": step.groups * len(step.matrices), "blocks": step.blocks, "tiles": step.tiles,
        "release": int(step.release), "destination": step.destination, **several,
    }


def show_matmul(step: MatmulStep, inner: int) -> Iterator[Emission]:
    """Row groups of accumulators, block by block, those of the matrices in turn."""
    del inner
    for block in range(step.blocks):
        first = step.first + block * step.groups
        for operation in step.operations:
            yield Emission("accumulators", step.item, (-1 - operation,), first, step.groups,
                           step.rows)


class TernaryCompiler(UnitCompiler):
    """Matrices of kernels and of the head; their weights."""

    name = "ternary"
    steps = {MatmulStep: StepRules(encode=encode_matmul, accept=accept_matmul,
                                   issue=issue_matmul, shows=show_matmul)}

    def shaped(self, program: Program, base: Machine, wanted: Mapping[str, int]) -> Unit:
        unit = super().shaped(program, base, wanted)
        assert isinstance(unit, Ternary)
        several = any(
            kind == "matrix" and program.matrix(section.name, name).planes > 1
            for section in program.sections for item in section.items
            for kind, name in item.parameters_read())
        most = MOST_BLOCK_GROUPS["adders"]
        return replace(unit, block_groups=min(unit.block_groups, most)) if several else unit

    def needed(self, program: Program, machine: Machine, plan: Plan,
               placement: str) -> Mapping[str, int]:
        steps = [step for section in plan.sections for step in section.steps()
                 if isinstance(step, MatmulStep)]
        depth = max((step.tiles for step in steps), default=1) * machine.ternary.columns
        planes = max((step.planes for step in steps), default=1)
        return {
            "ternary_code_depth": depth,
            "ternary_planes": planes,
            "ternary_accumulator_bits": signed_bits(reach(full(depth, planes))),
            "ternary_weight_depth": weight_words(plan),
        }

    def fitted(self, machine: Machine, plan: Plan, needed: Mapping[str, int]
               ) -> Mapping[str, Any]:
        depth = needed["ternary_code_depth"]
        depth = -(-depth // lcm(CODE_STEP, machine.ternary.columns)) * lcm(
            CODE_STEP, machine.ternary.columns)
        # Words that nobody needs would be read from a memory outside all the same.
        step = 1 if machine.memory.outside else MEMORY_STEP
        return {
            "ternary_code_depth": depth,
            "ternary_planes": needed["ternary_planes"],
            "ternary_accumulator_bits": signed_bits(reach(full(depth, needed["ternary_planes"]))),
            "ternary_weight_depth": max(1, -(-needed["ternary_weight_depth"] // step)) * step,
        }

    def other(self, program: Program, machine: Machine, needed: Mapping[str, int]) -> list[str]:
        words = needed["ternary_weight_depth"]
        if machine.memory.resident and words != machine.ternary.weight_depth:
            # They are counted off over the whole depth.
            return [f"ternary_weight_depth must be {words} with resident_words"]
        return []

    def parts(self, program: Program, machine: Machine, plan: Plan,
              placement: str) -> Mapping[str, ImagePart]:
        def pieces():
            found = weight_pieces(program, plan, machine)
            return by_level(machine, found) if machine.memory.resident else found

        given, taken = bundle(machine)
        kept = -(-weight_words(plan) // given) * taken
        return {Space.WEIGHTS: ImagePart(
            kept, word_bytes(machine, Space.WEIGHTS), pieces)}

"""The compiler's part of the vector unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sterna.compiler.allocation import allocate
from sterna.compiler.check_kernel import check_kernel, check_quantise
from sterna.compiler.clock_vector import issue_vector
from sterna.compiler.emission import Emission
from sterna.compiler.flow_vector import accept_vector
from sterna.compiler.kept import kept_vectors
from sterna.compiler.operands import reductions
from sterna.compiler.packing import constant_pieces, constant_words, input_pieces, table_pieces
from sterna.compiler.plan import Address, Plan, VectorStep
from sterna.compiler.rows import input_words, row_groups
from sterna.compiler.schedule_kernel import schedule_kernel, schedule_quantise
from sterna.compiler.unit import Instruction, ItemRules, StepRules, UnitCompiler
from sterna.law.arithmetic import SHIFT_STEP, TABLE_SEGMENTS
from sterna.machine.image import ImagePart
from sterna.machine.kept import KeptValue
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space
from sterna.machine.units.vector import LENGTH_BITS, MultiplierSelect, Vector
from sterna.machine.words import word_bytes
from sterna.program.definition import Program
from sterna.program.instructions import Kernel, Part, Quantise

MEMORY_STEP, VECTOR_STEP, INPUT_STEP = 512, 64, 16
"""Depths are rounded up to these; a short row can lie in look-up table memory."""
_LONGEST = (1 << LENGTH_BITS) - 1


def up(value: int, step: int) -> int:
    """The next multiple, at least one of them: no memory is empty."""
    return max(1, -(-value // step)) * step


def encode_vector(step: VectorStep, machine: Machine) -> Instruction:
    """VECTOR, and the unit that the step exchanges words with."""
    fields = {
        "length": step.length, "a_source": step.source, "multiplier": step.multiplier,
        **_address("a", step.a), **_address("b", step.b), **_address("result", step.result),
        "add_b": int(step.add_b), "shift": step.shift // SHIFT_STEP, "scalar": step.scalar,
        "table": step.table, "write": int(step.result is not None), "codes": int(step.codes),
        "absmax": int(step.absmax is not None), "absmax_register": step.absmax or 0,
        "squares": int(step.squares is not None), "squares_register": step.squares or 0,
        "wait": step.wait, **({"sum": 1} if step.sum else {}), **({"rank": 1} if step.rank else {}),
        **({"previous": 1} if step.previous else {}), **({"state": 1} if step.state else {}),
        **({"send": 1} if step.send else {}),
    }
    if step.partner and len(machine.partners) > 1:
        fields["partner"] = machine.partners.index(step.partner)
    return "VECTOR", fields


def _address(name: str, address: Address | None) -> dict[str, int]:
    if address is None:
        return {}
    return {f"{name}_address": address.base, f"{name}_layer": int(address.layer)}


def show_vector(step: VectorStep, inner: int) -> Iterator[Emission]:
    """Every group of results."""
    known = () if step.operation is None else (step.operation,)
    yield Emission("vector", step.item, known, step.first + inner, step.length, step.elements,
                   step.codes)


class VectorCompiler(UnitCompiler):
    """Kernels and quantises; constants, tables and embedding rows."""

    name = "vector"
    items = {
        Kernel: ItemRules(check=check_kernel, schedule=schedule_kernel,
                          beside=lambda item: ("ternary",) if item.matmuls else ()),
        Part: ItemRules(check=check_kernel, schedule=schedule_kernel),
        Quantise: ItemRules(check=check_quantise, schedule=schedule_quantise,
                            beside=lambda item: ("scalar", "ternary")),
    }
    steps = {VectorStep: StepRules(encode=encode_vector, accept=accept_vector,
                                   issue=issue_vector, shows=show_vector)}
    program_step = 64

    def shaped(self, program: Program, base: Machine, wanted: Mapping[str, int]) -> Vector:
        unit = super().shaped(program, base, wanted)
        assert isinstance(unit, Vector)
        sums = any(reductions(item, "sum")
                   for section in program.sections for item in section.items)
        return replace(unit, word_bits=program.word_bits, sums=sums)

    def needed(self, program: Program, machine: Machine, plan: Plan,
               placement: str) -> Mapping[str, int]:
        return {
            "vector_depth": plan.vector_groups,
            "vector_constant_depth": constant_words(plan, machine),
            "vector_input_depth": input_words(program, machine, placement),
            "vector_tables": len(plan.tables),
            **({"row_memory_row_groups": row_groups(program, machine)}
               if machine.row_memory.outside else {}),
        }

    def fitted(self, machine: Machine, plan: Plan, needed: Mapping[str, int]
               ) -> Mapping[str, Any]:
        return {
            "vector_depth": up(needed["vector_depth"], VECTOR_STEP),
            "vector_constant_depth": up(
                needed["vector_constant_depth"],
                1 if machine.memory.holds_constants else MEMORY_STEP),
            "vector_input_depth": up(needed["vector_input_depth"], INPUT_STEP),
            "vector_tables": max(1, needed["vector_tables"]),
            **{name: value for name, value in needed.items() if name == "row_memory_row_groups"},
        }

    def parts(self, program: Program, machine: Machine, plan: Plan,
              placement: str) -> Mapping[str, ImagePart]:
        size = {space: word_bytes(machine, space)
                for space in (Space.CONSTANTS, Space.TABLES, Space.INPUT)}
        found: dict[str, ImagePart] = {
            Space.CONSTANTS: ImagePart(
                constant_words(plan, machine), size[Space.CONSTANTS],
                lambda: constant_pieces(program, plan, machine)),
            Space.TABLES: ImagePart(
                TABLE_SEGMENTS * len(plan.tables), size[Space.TABLES],
                lambda: table_pieces(program, machine)),
        }
        if placement != "host":
            found[Space.INPUT] = ImagePart(
                input_words(program, machine, placement), size[Space.INPUT],
                lambda: input_pieces(program, machine))
        return found

    def kept(self, program: Program, machine: Machine) -> Iterator[KeptValue]:
        return kept_vectors(program, machine, allocate(program, machine))

    def reset(self, program: Program, machine: Machine, plan: Plan) -> list[Instruction]:
        """Carried vectors and state become zero."""
        found: list[Instruction] = []
        for base in range(0, plan.persistent_groups, _LONGEST):
            length = min(_LONGEST, plan.persistent_groups - base)
            found.append(("VECTOR", {
                "length": length, "multiplier": MultiplierSelect.ZERO, "write": 1,
                "a_address": base, "b_address": base, "result_address": base,
            }))
        return found

"""The compiler's part of the matrix states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sterna.compiler.clock_matrix import issue_state
from sterna.compiler.emission import Emission
from sterna.compiler.flow_matrix import accept_state
from sterna.compiler.kept import kept_name
from sterna.compiler.matrix_states import (
    check_matrix_state,
    operands,
    passes,
    schedule_matrix_state,
    section_words,
    state_offsets,
)
from sterna.compiler.plan import Plan, StateStep
from sterna.compiler.unit import Instruction, ItemRules, StepRules, UnitCompiler
from sterna.machine.kept import KeptValue
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import CELLS, MatrixStates
from sterna.program.definition import Program
from sterna.program.matrix_state import MatrixState

_OPERANDS_STEP = 16
"""Depth of look-up table memory."""


def encode_state(step: StateStep, machine: Machine) -> Instruction:
    """STATE."""
    unit = machine.matrix
    return "STATE", {
        "heads": step.heads, "rows": step.rows, "columns": step.columns,
        "heads_groups": step.heads_groups, "rows_groups": step.rows_groups,
        "columns_groups": step.columns_groups, "offset": step.offset, "advance": step.advance,
        **({"decay": step.decay} if unit.decay else {}), "products": step.products,
        "read": int(step.read), **({"by_columns": int(step.by_columns)} if unit.by_columns else {}),
        "store": int(step.store),
    }


def show_state(step: StateStep, inner: int) -> Iterator[Emission]:
    """All cells after the pass."""
    del inner
    yield Emission(CELLS, step.item, (1,), 0, step.words, step.heads * step.rows * step.columns,
                   strips=(step.heads, step.rows, step.columns))


class MatrixCompiler(UnitCompiler):
    """Passes over matrix states, which lie one behind the other in the order of first use."""

    name = MatrixStates.name
    items = {MatrixState: ItemRules(check=check_matrix_state, schedule=schedule_matrix_state,
                                    beside=lambda item: ("vector",))}
    steps = {StateStep: StepRules(encode=encode_state, accept=accept_state, issue=issue_state,
                                  shows=show_state)}

    def used(self, program: Program) -> bool:
        return bool(passes(program))

    def shaped(self, program: Program, base: Machine, wanted: Mapping[str, int]) -> MatrixStates:
        unit = super().shaped(program, base, wanted)
        assert isinstance(unit, MatrixStates)
        found = passes(program)
        first = found[0].format
        return replace(
            unit, decay=any(item.decay is not None for item in found),
            products=max(1, *(len(item.products) for item in found)),
            by_columns=any(item.by == "columns" for item in found),
            decay_fraction=first.decay_fraction, product_shift=first.product_shift,
            read_shift=first.read_shift)

    def needed(self, program: Program, machine: Machine, plan: Plan,
               placement: str) -> Mapping[str, int]:
        found = passes(program)
        fields = {
            "depth": sum(section.repeat * section_words(section, machine)
                         for section in program.sections),
            "heads": max((item.format.heads for item in found), default=1),
            "rows": max((item.format.rows for item in found), default=1),
            "columns": max((item.format.columns for item in found), default=1),
            "operand_depth": max((-(-length // machine.vector.lanes)
                                  for item in found for _, length in operands(program, item)),
                                 default=1),
            "products": max((len(item.products) for item in found), default=1),
        }
        return {MatrixStates.label(name): max(1, value) for name, value in fields.items()}

    def fitted(self, machine: Machine, plan: Plan, needed: Mapping[str, int]
               ) -> Mapping[str, Any]:
        name = MatrixStates.label("operand_depth")
        return {**needed, name: -(-needed[name] // _OPERANDS_STEP) * _OPERANDS_STEP}

    def kept(self, program: Program, machine: Machine) -> Iterator[KeptValue]:
        unit, bits, base = machine.matrix, machine.vector.word_bits, 0
        for section in program.sections:
            words = section_words(section, machine)
            for repetition in range(section.repeat):
                for name, (offset, shape) in state_offsets(section, machine).items():
                    yield KeptValue(
                        kept_name(section.name, repetition, name), CELLS,
                        base + repetition * words + offset, shape.cells, unit.lanes, bits, bits,
                        strips=(shape.heads, shape.rows, shape.columns))
            base += section.repeat * words

    def reset(self, program: Program, machine: Machine, plan: Plan) -> list[Instruction]:
        """All cells become zero."""
        return [("STATE", {"clear": 1})]

"""The compiler's part of what makes texts on the board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sterna.compiler.plan import Plan
from sterna.compiler.unit import UnitCompiler
from sterna.machine.machine import Machine
from sterna.program.definition import Program


class GenerateCompiler(UnitCompiler):
    """Its slots hold what a program keeps, which is in front of all other vectors."""

    name = "generate"

    def needed(self, program: Program, machine: Machine, plan: Plan,
               placement: str) -> Mapping[str, int]:
        del program, placement
        unit = machine.generates
        assert unit is not None
        return {"generate_vectors": max(1, plan.persistent_groups)} if unit.vectors else {}

    def fitted(self, machine: Machine, plan: Plan, needed: Mapping[str, int]
               ) -> Mapping[str, Any]:
        del machine, needed
        return {"generate_vectors": max(1, plan.persistent_groups)}

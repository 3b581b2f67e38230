"""The compiler's part of the head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from sterna.compiler.check_kernel import check_top_k
from sterna.compiler.plan import MatmulStep, Plan
from sterna.compiler.schedule_kernel import schedule_top_k
from sterna.compiler.unit import ItemRules, UnitCompiler
from sterna.machine.machine import Machine
from sterna.machine.unit import Unit
from sterna.machine.units.head import Head
from sterna.machine.units.ternary import Destination
from sterna.program.definition import Program
from sterna.program.instructions import TopK


class HeadCompiler(UnitCompiler):
    """The best of the logits."""

    name = "head"
    items = {TopK: ItemRules(check=check_top_k, schedule=schedule_top_k,
                             beside=lambda item: ("scalar", "ternary"))}

    def shaped(self, program: Program, base: Machine, wanted: Mapping[str, int]) -> Unit:
        unit = super().shaped(program, base, wanted)
        assert isinstance(unit, Head)
        gains = any(isinstance(item, TopK) and item.gain is not None
                    for section in program.sections for item in section.items)
        return replace(unit, gains=gains)

    def fitted(self, machine: Machine, plan: Plan, needed: Mapping[str, int]
               ) -> Mapping[str, Any]:
        """As many words as the engine delivers in a clock, where comparing them in turn would make
        a memory outside wait; a chip that is paid for by lanes keeps the base's."""
        ternary = machine.ternary
        rates = [ternary.lanes / (step.tiles * step.planes * ternary.columns)
                 for section in plan.sections for step in section.steps()
                 if isinstance(step, MatmulStep) and step.destination is Destination.HEAD]
        if not machine.memory.outside or not rates:
            return {}
        wanted = 1 << (ceil(max(rates)) - 1).bit_length()
        return {"head_words": max(machine.head.head_words, min(wanted, machine.vector.lanes))}

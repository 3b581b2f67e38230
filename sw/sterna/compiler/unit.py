"""What the compiler knows of a unit: the operations that it executes, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sterna.machine.image import ImagePart
from sterna.machine.kept import KeptValue
from sterna.machine.machine import Machine
from sterna.machine.registry import unit_types
from sterna.machine.unit import Unit
from sterna.program.definition import Program
from sterna.program.items import Item

if TYPE_CHECKING:
    from sterna.compiler.check import Check
    from sterna.compiler.clock import Clock
    from sterna.compiler.emission import Emission
    from sterna.compiler.flow import Flow
    from sterna.compiler.plan import Plan
    from sterna.compiler.section import SectionScheduler

Instruction = tuple[str, dict[str, int]]
"""Name and fields of an instruction."""


def _none(item: Any) -> tuple[str, ...]:
    del item
    return ()


@dataclass(frozen=True, kw_only=True)
class ItemRules:
    """What is done with operations of one kind.

    ``check`` raises what `Check.fail` makes for what the machine cannot do. ``schedule`` gives the
    `SectionScheduler` the steps of the operation at a position. ``beside`` names further units that
    it needs.
    """

    check: Callable[[Check, Any], None]
    schedule: Callable[[SectionScheduler, int, Any], None]
    beside: Callable[[Any], tuple[str, ...]] = _none


@dataclass(frozen=True, kw_only=True)
class StepRules:
    """What is done with steps of one kind, which stand for an instruction each.

    ``accept`` lets the untimed `Flow` take the step, or returns False while it must wait;
    ``issue`` moves the `Clock` of the cycle estimate; ``shows`` is what trace ports emit, given the
    step and its inner offset.
    """

    encode: Callable[[Any, Machine], Instruction]
    accept: Callable[[Flow, Any], bool]
    issue: Callable[[Clock, Any], None]
    shows: Callable[[Any, int], Iterable[Emission]]


class UnitCompiler:
    """The compiler's part of a unit; what a unit does not need stays as it is here.

    Fields of a machine are named as in `Machine.having`.
    """

    name: ClassVar[str]
    items: ClassVar[Mapping[type[Item], ItemRules]] = {}
    steps: ClassVar[Mapping[type, StepRules]] = {}
    program_step: ClassVar[int] = 1
    """Its program memory is a multiple of so many instructions."""

    def used(self, program: Program) -> bool:
        """Whether a machine that is made for the program keeps the unit of its base."""
        del program
        return True

    def shaped(self, program: Program, base: Machine, wanted: Mapping[str, int]) -> Unit:
        """The unit for a program, but for what depends on the schedule.

        It is that of the base, which may lack it. ``wanted`` are fields that are not left open.
        """
        del program, wanted
        return base.unit(self.name) if base.has(self.name) else unit_types()[self.name]()

    def needed(self, program: Program, machine: Machine, plan: Plan,
               placement: str) -> Mapping[str, int]:
        """The least value of every field that depends on the program."""
        del program, machine, plan, placement
        return {}

    def fitted(self, machine: Machine, plan: Plan, needed: Mapping[str, int]
               ) -> Mapping[str, Any]:
        """Fields for a machine that is made for the program, from the least values."""
        del machine, plan
        return needed

    def other(self, program: Program, machine: Machine, needed: Mapping[str, int]) -> list[str]:
        """What else does not fit, one clause each."""
        del program, machine, needed
        return []

    def parts(self, program: Program, machine: Machine, plan: Plan,
              placement: str) -> Mapping[str, ImagePart]:
        """What lies in its memories; those without a part have nothing in them."""
        del program, machine, plan, placement
        return {}

    def kept(self, program: Program, machine: Machine) -> Iterable[KeptValue]:
        """Where it keeps what the program keeps from RUN to RUN."""
        del program, machine
        return ()

    def reset(self, program: Program, machine: Machine, plan: Plan) -> list[Instruction]:
        """Instructions that bring what outlives a RUN to where a text begins."""
        del program, machine, plan
        return []

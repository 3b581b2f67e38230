"""A unit of another package, whole and in one file: it counts RUNs and gives the count as a vector.

Its specification, its operation with the golden's function, the compiler's part, the emulation and
the gateware; nothing else anywhere knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from amaranth.hdl import Module, Signal
from sterna.compiler import registry
from sterna.compiler.plan import Plan as CompilerPlan
from sterna.compiler.plan import VectorStep
from sterna.compiler.unit import Instruction as Encoded
from sterna.compiler.unit import ItemRules, StepRules, UnitCompiler
from sterna.golden import table
from sterna.golden.place import Place
from sterna.golden.run import Run, Step
from sterna.machine.emulator.path import Path
from sterna.machine.emulator.plan import Plan
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.machine import Machine
from sterna.machine.unit import Instruction, Unit
from sterna.machine.units.vector import LENGTH_BITS, SourceA
from sterna.program import validate
from sterna.program.definition import Program
from sterna.program.items import Item
from sterna.program.scope import Scope
from sterna_hw.core.assembly import Assembly


@dataclass(frozen=True, kw_only=True)
class Counting(Unit):
    """COUNT adds one to the count, and gives it ``groups`` times in every lane; ``clear``: 0."""

    name = "counting"

    def instructions(self, machine: Machine) -> tuple[Instruction, ...]:
        del machine
        return (Instruction("COUNT", (("groups", LENGTH_BITS), ("clear", 1)),
                            "the count of RUNs", port="counting"),)

    def gives_words(self, machine: Machine) -> bool:
        del machine
        return True


@dataclass(frozen=True, kw_only=True)
class Count(Item):
    """Writes, into every element of a state vector, how many RUNs there were."""

    result: str

    def vectors_written(self) -> tuple[str, ...]:
        return (self.result,)


def check_meaning(scope: Scope, item: Count) -> None:
    scope.write_vector(item.result, scope.length(item.result))


def compute(place: Place, item: Count) -> Step:
    name, told = place.vector(item.result), place.told(0, item.result)

    def step(run: Run) -> None:
        run.vectors[name] = run.vectors[name] + 1
        run.produced(told, run.vectors[name])

    return step


@dataclass
class CountStep:
    """A COUNT instruction."""

    item: int
    groups: int


def check(checked: Any, item: Count) -> None:
    if checked.section.repeat > 1:
        raise checked.fail("there is one count; use a section that is not repeated")


def schedule(scheduler: Any, position: int, item: Count) -> None:
    length = scheduler.program.vectors[item.result].length
    groups = -(-length // scheduler.machine.vector.lanes)
    scheduler.nodes += [
        CountStep(position, groups),
        VectorStep(item=position, operation=0, elements=length, first=0, length=groups,
                   source=SourceA.UNIT, partner=Counting.name,
                   result=scheduler.address(item.result))]


def accept(flow: Any, step: CountStep) -> bool:
    flow.given[Counting.name] += step.groups
    return True


def issue(clock: Any, step: CountStep) -> None:
    now = clock.instruction()
    clock.given[Counting.name].extend(now + 3 + group for group in range(step.groups))


class CountingCompiler(UnitCompiler):
    name = Counting.name
    items = {Count: ItemRules(check=check, schedule=schedule, beside=lambda item: ("vector",))}
    steps = {CountStep: StepRules(
        encode=lambda step, machine: ("COUNT", {"groups": step.groups}),
        accept=accept, issue=issue, shows=lambda step, inner: ())}

    def reset(self, program: Program, machine: Machine, plan: CompilerPlan) -> list[Encoded]:
        return [("COUNT", {"clear": 1})]


class EmulatedCounting(EmulatedUnit):
    executes = ("COUNT",)
    count = 0

    def plan(self, step: Executed, plan: Plan) -> None:
        groups, clear = step.fields["groups"], step.fields["clear"]
        first = plan.pass_on("given", Counting.name, groups)

        def execute(path: Path) -> None:
            self.count = 0 if clear else self.count + 1
            path.given[Counting.name][first:first + groups] = self.count

        plan.operations.append(execute)


class CountingBlock:
    """The gateware."""

    def __init__(self, machine: Machine) -> None:
        del machine

    def members(self) -> dict[str, Any]:
        return {}

    def build(self, assembly: Assembly) -> None:
        m = Module()
        assembly.m.submodules.counting = m
        commands, given = assembly.sequencer.counting, assembly.given[Counting.name]
        count, left = Signal(12), Signal(LENGTH_BITS)
        m.d.comb += [
            commands.ready.eq(left == 0), given.valid.eq(left != 0),
            *(word.eq(count) for word in given.payload)]
        with m.If(commands.valid & commands.ready):
            m.d.sync += [left.eq(commands.payload.groups), count.eq(count + 1)]
            with m.If(commands.payload.clear):
                m.d.sync += count.eq(0)
        with m.Elif(given.valid & given.ready):
            m.d.sync += left.eq(left - 1)
        assembly.idle((left == 0) & ~commands.valid)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operation and the unit are known while a test runs."""
    for module, name in ((validate, "_CHECKS"), (table, "_FUNCTIONS"), (registry, "_KNOWN")):
        monkeypatch.setattr(module, name, dict(getattr(module, name)))
    validate.register_check(Count, check_meaning)
    table.register_function(Count, compute)
    registry.register_unit(Counting.name, CountingCompiler())
    yield

"""The compiler's part of the scalar unit."""

from __future__ import annotations

from collections.abc import Iterator

from sterna.compiler.check_kernel import check_nothing
from sterna.compiler.clock_vector import issue_scalar
from sterna.compiler.emission import Emission
from sterna.compiler.flow_vector import accept_scalar
from sterna.compiler.plan import ScalarStep
from sterna.compiler.schedule_kernel import schedule_scalar
from sterna.compiler.unit import Instruction, ItemRules, StepRules, UnitCompiler
from sterna.machine.machine import Machine
from sterna.program.instructions import ScalarOperation


def encode_scalar(step: ScalarStep, machine: Machine) -> Instruction:
    """SCALAR."""
    del machine
    return "SCALAR", {"operation": step.operation, "result": step.result,
                      "a": step.a, "b": step.b}


def show_scalar(step: ScalarStep, inner: int) -> Iterator[Emission]:
    """Mantissa and exponent."""
    del inner
    yield Emission("scalar", step.item, (0,), 0, 1, 2)


class ScalarCompiler(UnitCompiler):
    """Scalar operations."""

    name = "scalar"
    items = {ScalarOperation: ItemRules(check=check_nothing, schedule=schedule_scalar)}
    steps = {ScalarStep: StepRules(encode=encode_scalar, accept=accept_scalar,
                                   issue=issue_scalar, shows=show_scalar)}

"""When the vector unit can be given a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.plan import ScalarStep, VectorStep
from sterna.machine.units.ternary import CODE_BANKS
from sterna.machine.units.vector import SourceA

if TYPE_CHECKING:
    from sterna.compiler.flow import Flow


def accept_vector(flow: Flow, step: VectorStep) -> bool:
    """One runs at a time; codes need a bank."""
    if flow.vector is not None or (step.codes and flow.banks == CODE_BANKS):
        return False
    flow.vector, flow.needed = step, 0
    if step.source is SourceA.ACCUMULATORS:
        flow.needed = flow.row_groups(step)
    elif step.source is SourceA.UNIT:
        flow.needed = step.length
    return True


def accept_scalar(flow: Flow, step: ScalarStep) -> bool:
    """Scalars wait for nothing but time."""
    del flow, step
    return True

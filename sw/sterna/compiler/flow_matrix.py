"""When the matrix states can be given a command: one may wait beside the one that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.plan import StateStep
from sterna.machine.units.matrix import MatrixStates

if TYPE_CHECKING:
    from sterna.compiler.flow import Flow

_WAITING = 1


def accept_state(flow: Flow, step: StateStep) -> bool:
    """It runs when those before it have ended, and its operands come."""
    if len(flow.states) > _WAITING:
        return False
    flow.states.append(step)
    return True


def run_state(flow: Flow) -> bool:
    """One command: when its operands are there, and what the one before gave is taken."""
    name = MatrixStates.name
    if not flow.states or flow.given[name] or flow.sent[name] < flow.states[0].takes:
        return False
    step = flow.states.popleft()
    flow.sent[name] -= step.takes
    flow.given[name] += step.gives
    return True

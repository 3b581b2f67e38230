"""When the ternary engine can be given a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.plan import MatmulStep
from sterna.machine.units.ternary import MATMUL_QUEUE

if TYPE_CHECKING:
    from sterna.compiler.flow import Flow


def accept_matmul(flow: Flow, step: MatmulStep) -> bool:
    """So many may wait in its queue."""
    if len(flow.commands) == MATMUL_QUEUE:
        return False
    flow.commands.append(step)
    return True

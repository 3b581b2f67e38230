"""When synapses and neurons can be given a command: one may wait beside the one that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.plan import AccumulateStep, NeuronStep

if TYPE_CHECKING:
    from sterna.compiler.flow import Flow

_WAITING = 1


def accept_accumulate(flow: Flow, step: AccumulateStep) -> bool:
    """It runs when those before it have ended, and waits for nothing else."""
    del step
    return len(flow.populations) <= _WAITING


def accept_neurons(flow: Flow, step: NeuronStep) -> bool:
    """It runs when those before it have ended, its words come and its codes find room."""
    if len(flow.populations) > _WAITING:
        return False
    flow.populations.append(step)
    return True

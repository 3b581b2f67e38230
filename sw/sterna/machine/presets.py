"""Machines with names, and how those of a kind are made from flat settings."""

from __future__ import annotations

from typing import Any

from sterna.machine.machine import Machine
from sterna.machine.memory import Memory
from sterna.machine.units.head import Head
from sterna.machine.units.loops import Loops
from sterna.machine.units.neurons import Neurons
from sterna.machine.units.scalar import ScalarUnit
from sterna.machine.units.synapses import Synapses
from sterna.machine.units.ternary import Ternary
from sterna.machine.units.vector import Vector

TOKEN_MACHINE = Machine(units=(Vector(), ScalarUnit(), Ternary(), Loops(), Head()))
"""Ternary products, vectors and scalars, and a head: what MatMul-free language models need."""
STEP_MACHINE = Machine(units=(Synapses(), Neurons()), program_depth=64)
"""Synapses and neurons: what spiking networks need."""


def token_machine(*, memory: Memory | None = None, **changes: Any) -> Machine:
    """`TOKEN_MACHINE` with other values, see `Machine.having`; raises `InputError`."""
    whole = {} if memory is None else {"memory": memory}
    return TOKEN_MACHINE.having(**whole, **changes)


def step_machine(**changes: Any) -> Machine:
    """`STEP_MACHINE` with other values, see `Machine.having`; raises `InputError`."""
    return STEP_MACHINE.having(**changes)


PRESETS: dict[str, Machine] = {
    "tiny": token_machine(
        rows=2, columns=4, vector_lanes=2, block_groups=4, code_depth=64, vector_depth=256,
        ternary_weight_depth=1024, constant_depth=512, input_depth=32, top_k=4,
    ),
    "small": token_machine(
        rows=4, columns=16, vector_lanes=4, block_groups=8, code_depth=256, top_k=8,
    ),
    "standard": token_machine(rows=16, columns=16, vector_lanes=16, head_words=4),
}
"""Named shapes: ``standard`` has 256 lanes and is the default of the command line."""

"""Machines that no chip holds, found out before anything is made of them."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.machine.machine import Machine

from sterna_boards.estimate.memory_map import memory_map

MOST_BITS = 1 << 32
"""Of all memories on the chip: some eight times what the largest chips have."""
MOST_LANES = 1 << 17
"""Of a unit: eight times the largest machine that was generated."""


def check_possible(machine: Machine) -> None:
    """Raise `InputError` for a machine whose Verilog would fill this computer, not a chip."""
    memories = memory_map("xcup", machine, {})
    sizes = [memory.depth * memory.bits * memory.copies for memory in memories]
    if sum(sizes) > MOST_BITS:
        size, memory = max(zip(sizes, memories, strict=True), key=lambda pair: pair[0])
        raise InputError(f"machine: its memories have {sum(sizes) / 1e9:.3g} Gbit, {memory.name} "
                         f"alone {size / 1e9:.3g} ({memory.depth} words of {memory.bits} bits); no "
                         f"chip holds more than {MOST_BITS / 1e9:.3g}")
    for unit in machine.units:
        if unit.weights_a_clock > MOST_LANES:
            raise InputError(f"machine: unit {unit.name} has {unit.weights_a_clock} lanes; no chip "
                             f"holds more than {MOST_LANES}")

"""RAMs of a machine added up: of each memory, of each unit, and all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sterna_boards.estimate.components import components
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.on_chip import OnChipMemory
from sterna_boards.parts.block_ram import SCALAR_TABLES


def block_rams_by_name(family: str, machine: Any) -> dict[str, int]:
    """Block RAMs of every memory, those of the scalar unit's tables included."""
    found = {memory.name: memory.block_rams for memory in memory_map(family, machine, {})}
    return found | {"scalar tables": _scalar_tables(family, machine)}


def block_rams_by_unit(family: str, machine: Any,
                       memories: Sequence[OnChipMemory]) -> dict[str, int]:
    """Block RAMs, and those of 288 kbit and of one port, of the units that take some."""
    found: Counter[str] = Counter()
    for one in memories:
        found[one.unit] += one.block_rams + one.single_port_rams + one.large_rams
    found["scalar"] += _scalar_tables(family, machine)
    return {unit: rams for unit, rams in found.most_common() if rams}


def total_block_rams(family: str, machine: Any, memories: Sequence[OnChipMemory]) -> int:
    """Block RAMs of a whole machine with these memories."""
    return _scalar_tables(family, machine) + sum(memory.block_rams for memory in memories)


def total_single_port_rams(memories: Sequence[OnChipMemory]) -> int:
    """Single-port RAMs of these memories."""
    return sum(memory.single_port_rams for memory in memories)


def total_large_rams(memories: Sequence[OnChipMemory]) -> int:
    """RAMs of 288 kbit of these memories."""
    return sum(memory.large_rams for memory in memories)


def _scalar_tables(family: str, machine: Any) -> int:
    if "scalar" not in components(machine):
        return 0
    return machine.paths * SCALAR_TABLES[family]

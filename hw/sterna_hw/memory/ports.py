"""The ports of an accelerator to the memory that holds its weights."""

from __future__ import annotations

from typing import Any

from sterna.machine.machine import Machine

from sterna_hw.memory.axi_source import axi_members
from sterna_hw.memory.sdram_source import sdram_members


def memory_members(machine: Machine) -> dict[str, Any]:
    """Members by name: those of `axi_members` or `sdram_members`, none with weights on the chip."""
    if machine.memory.kind == "axi":
        return axi_members(machine)
    return sdram_members(machine) if machine.memory.kind == "sdram" else {}

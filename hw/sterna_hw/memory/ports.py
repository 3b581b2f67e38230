"""The ports of an accelerator to the memory that holds its weights."""

from __future__ import annotations

from typing import Any

from sterna.machine.configuration import HardwareConfiguration

from sterna_hw.memory.axi_source import axi_members
from sterna_hw.memory.sdram_source import sdram_members


def memory_members(configuration: HardwareConfiguration) -> dict[str, Any]:
    """Members by name: those of `axi_members` or `sdram_members`, none with weights on the chip."""
    if configuration.weight_source == "axi":
        return axi_members(configuration)
    return sdram_members(configuration) if configuration.weight_source == "sdram" else {}

"""The memory that holds weights outside the chip: its ports, and what reads it as a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Memory, Sdram

from sterna_hw.memory.axi_source import AxiSource, axi_members
from sterna_hw.memory.sdram_source import SdramSource, sdram_members

_Members = Callable[[Machine], dict[str, Any]]
_OUTSIDE: dict[type[Memory], tuple[_Members, type[AxiSource] | type[SdramSource]]] = {
    Axi: (axi_members, AxiSource), Sdram: (sdram_members, SdramSource)}


def memory_members(machine: Machine) -> dict[str, Any]:
    """Members by name: those of `axi_members` or `sdram_members`, none with weights on the chip."""
    return _OUTSIDE[type(machine.memory)][0](machine) if machine.memory.outside else {}


def outside_source(machine: Machine) -> AxiSource | SdramSource:
    """The source of weights that lie outside, with the `memory_members`."""
    return _OUTSIDE[type(machine.memory)][1](machine)

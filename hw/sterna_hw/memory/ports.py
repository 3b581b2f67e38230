"""The memories outside the chip: their ports, and what reads them as streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
from sterna.machine.row_memory import RowsInSdram
from sterna.machine.unit import Part

from sterna_hw.memory.axi_source import AxiSource, axi_members
from sterna_hw.memory.sdram_source import SdramSource, sdram_members

_Members = Callable[[Machine], dict[str, Any]]
_OUTSIDE: dict[type[Part], tuple[_Members, type[AxiSource] | type[SdramSource]]] = {
    Axi: (axi_members, AxiSource), Sdram: (sdram_members, SdramSource),
    RowsInSdram: (sdram_members, SdramSource)}


def _memory(machine: Machine) -> Part:
    """The part of the machine that has the ports."""
    return machine.memory if machine.memory.outside else machine.row_memory


def memory_members(machine: Machine) -> dict[str, Any]:
    """Members by name: those of `axi_members` or `sdram_members`, none with all on the chip."""
    return _OUTSIDE[type(_memory(machine))][0](machine) if machine.reads_outside else {}


def outside_source(machine: Machine) -> AxiSource | SdramSource:
    """The source of weights and rows that lie outside, with the `memory_members`."""
    return _OUTSIDE[type(_memory(machine))][1](machine)

"""What every writer is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna_hw.board.bus import CORE, bus_members, wrapper_module
from sterna_hw.core.accelerator import accelerator_members
from sterna_hw.ports import Port, ports_of

from sterna_boards.board import Board


@dataclass(frozen=True, kw_only=True)
class Core:
    """What is handed over.

    ``model`` and ``image`` are None for a machine without a model. ``board`` is the one whose
    project is made, with ``clock_hz`` as asked for; None for plain Verilog of the `Accelerator`,
    which ``wrapper``, a key of `WRAPPERS`, puts behind a bus. ``raw`` asks for the contents of
    memories as raw files.
    """

    machine: Machine
    model: str | None = None
    image: MemoryImage | None = None
    board: Board | None = None
    clock_hz: float | None = None
    wrapper: str | None = None
    raw: bool = False

    @property
    def top(self) -> str:
        """The module that an integrator puts into a design."""
        return CORE if self.wrapper is None else wrapper_module(self.wrapper)

    @cached_property
    def ports(self) -> list[Port]:
        """Those of `top`."""
        if self.wrapper is None:
            return ports_of(accelerator_members(self.machine))
        return ports_of(bus_members(self.machine, self.wrapper), clocked=False)


@dataclass(frozen=True)
class Written:
    """The files that a writer made, each with what it is, and what else the manifest tells."""

    files: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)


Writer = Callable[[Core, Path], Written]
"""Writes files into the folder, where those of the writers before it are. Raises `InputError`."""

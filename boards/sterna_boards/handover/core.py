"""What every writer is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine

from sterna_boards.board import Board


@dataclass(frozen=True, kw_only=True)
class Core:
    """What is handed over.

    ``model`` and ``image`` are None for a machine without a model. ``board`` is the one whose
    project is made, with ``clock_hz`` as asked for; None for plain Verilog of the `Accelerator`.
    """

    machine: Machine
    model: str | None = None
    image: MemoryImage | None = None
    board: Board | None = None
    clock_hz: float | None = None


@dataclass(frozen=True)
class Written:
    """The files that a writer made, each with what it is, and what else the manifest tells."""

    files: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)


Writer = Callable[[Core, Path], Written]
"""Writes files into the folder, where those of the writers before it are. Raises `InputError`."""

"""The gateware of units: which block of an accelerator stands for which.

A package has that of its unit beside the specification, by an entry point of the group
`sterna.gateware` with the name of the unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sterna.errors import InputError
from sterna.machine.extensions import GATEWARE, extensions
from sterna.machine.machine import Machine

from sterna_hw.core.assembly import Assembly
from sterna_hw.core.matrix_states import MatrixBlock
from sterna_hw.core.populations import Populations
from sterna_hw.core.shared_path import SharedPath
from sterna_hw.core.token_paths import TokenPaths


class Block(Protocol):
    """Gateware of one unit, or of some that belong together, in an accelerator."""

    def __init__(self, machine: Machine) -> None: ...

    def members(self) -> dict[str, Any]:
        """Ports of the accelerator: pins, and with ``trace`` those of traces."""
        ...

    def build(self, assembly: Assembly) -> None:
        """Add it to the accelerator."""
        ...


class _WithoutBlock:
    """What the sequencer, the link and the assembly do themselves."""

    def __init__(self, machine: Machine) -> None:
        del machine

    def members(self) -> dict[str, Any]:
        return {}

    def build(self, assembly: Assembly) -> None:
        del assembly


BLOCKS: Mapping[str, type[Block]] = {
    "vector": TokenPaths, "scalar": TokenPaths, "ternary": TokenPaths, "head": TokenPaths,
    "loops": _WithoutBlock, "read": _WithoutBlock, "generate": _WithoutBlock,
    "synapse": Populations, "neuron": Populations, "matrix": MatrixBlock,
}
"""The block of each of Sterna's units, by its name."""


def blocks_of(machine: Machine, more: Mapping[str, type[Block]] | None = None) -> list[Block]:
    """The blocks of a machine, in the order of its units; ``more`` are those of other packages.

    Raises `InputError` for a unit that has none.
    """
    known = {**BLOCKS, **extensions(GATEWARE), **(more or {})}
    kinds: dict[type[Block], None] = {}
    for unit in machine.units:
        if unit.name not in known:
            raise InputError(f"accelerator: there is no gateware of the unit {unit.name}; its "
                             f"package names it by an entry point of the group {GATEWARE}")
        kind = known[unit.name]
        kinds[SharedPath if kind is TokenPaths and machine.shared else kind] = None
    return [kind(machine) for kind in kinds]

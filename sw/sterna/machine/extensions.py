"""Parts of units that installed packages bring beside their specifications.

Each kind of part has a group of entry points of its own, in which the name is that of the unit.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from sterna.errors import FOREIGN, InputError, reason

COMPILERS, EMULATORS = "sterna.compilers", "sterna.emulators"
"""Classes: `sterna.compiler.unit.UnitCompiler`, `sterna.machine.emulator.unit.EmulatedUnit`."""
GATEWARE = "sterna.gateware"
"""Classes: `sterna_hw.core.blocks.Block`."""


@cache
def extensions(group: str) -> dict[str, Any]:
    """What packages have in a group, by the names of the units.

    Raises `InputError` naming the package whose part cannot be loaded.
    """
    found = {}
    for point in entry_points(group=group):
        try:
            found[point.name] = point.load()
        except FOREIGN as error:
            package = point.dist.name if point.dist else "a package"
            raise InputError(f"{package}: the part of the unit {point.name} in {group} cannot be "
                             f"loaded: {reason(error)}; mend or uninstall it") from error
    return found

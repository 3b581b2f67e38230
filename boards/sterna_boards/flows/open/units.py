"""Where the look-up tables of a netlist go, unit by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

_LUTS = {
    "LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4,
    "SB_LUT4": 1,
    "LUT1": 1, "LUT2": 1, "LUT3": 1, "ALU": 1, "RAM16SDP4": 4, "RAM16SDP2": 4, "RAM16SDP1": 4,
}

_WRAPPER = "serial."
"""What stands before the names of everything but the clock."""
_FLIP_FLOPS = ("TRELLIS_FF", "SB_DFF", "DFF")
"""Beginnings of the cells' types."""


def luts_by_unit(netlist: dict[str, Any], depth: int = 2) -> dict[str, int]:
    """Look-up tables by hierarchical name, ``depth`` names deep, the largest first.

    ``netlist`` is yosys' JSON of a flattened design; cells are named after the wire that they
    drive, so a cell at a border may count for its neighbour. Counted are logic, carry and memory,
    before packing: nextpnr adds a few for constants and carries that enter from logic.
    """
    return _by_unit(netlist, depth, lambda kind: _LUTS.get(kind, 0))


def ffs_by_unit(netlist: dict[str, Any], depth: int = 2) -> dict[str, int]:
    """Flip-flops by hierarchical name, as `luts_by_unit` counts look-up tables."""
    return _by_unit(netlist, depth, lambda kind: int(kind.startswith(_FLIP_FLOPS)))


def _by_unit(netlist: dict[str, Any], depth: int, weight: Callable[[str], int]) -> dict[str, int]:
    top = next(module for module in netlist["modules"].values()
               if int(module.get("attributes", {}).get("top", "0"), 2))
    units: Counter[str] = Counter()
    for name, cell in top["cells"].items():
        count = weight(cell["type"])
        if count:
            units[unit_of(name, depth)] += count
    return dict(units.most_common())


def unit_of(cell: str, depth: int = 2) -> str:
    """The unit of a cell, by its hierarchical name, ``depth`` names deep."""
    return ".".join(cell.removeprefix(_WRAPPER).split(".")[:-1][:depth]) or "top"

"""Where the block RAMs of a large design lie on an ECP5 part.

Left to itself, the placer legalises two hundred block RAMs at the end of every iteration to
wherever one is free, which undoes what it has found for everything else. With the weights where
they are used, the demo's engine takes a third less wire; with places for the other memories too,
none of them lies far off by chance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sterna.errors import CheckError

from sterna_boards.parts.ecp5_netlist import Netlist, natural

PATTERNS = {name: re.compile(rf"\b{pattern}") for name, pattern in {
    "weights": r"weights\.memory\.bank_\d+\.ram\.",
    "vectors and state": r"vector\.memory\.copy_[ab]\.\d+\.(?P<lane>\d+)",
    "codes": r"lanes\.banks\.storage\.",
    "tables": r"vector\.tables\.lane_\d+\.",
    "program": r"sequencer\.memory\.",
    "scalar tables": r"scalars\.tables\.",
    "constants": r"constants\.memory\.",
}.items()}
"""What the block RAMs of a memory are called in a netlist."""
_MIDDLE = {46: ("vectors and state", "codes"), 70: ("tables", "program", "scalar tables")}
"""The memories of both rows in the middle, from the left."""
_REST = ("constants",)
"""These have registers on both sides and take the sites that are left."""
_PART = "85F"
_ROWS = (22, 46, 70, 82)
"""Tile rows of block RAM of an 85F, from the top."""
_COLUMNS = tuple(column + 2 * place
                 for column in (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
                 for place in range(4))
"""Tile columns of the block RAMs in each of these rows."""
_SHARES = (5, 3, 3, 5)
"""How the rows of the engine are shared out: the middle of the die is kept for what works on their
results."""


def place_memories(netlist: Netlist, device: str, rows: int,
                   block_rams: Mapping[str, int]) -> None:
    """Give the block RAMs of an engine of ``rows`` matrix rows and of what is around it places.

    ``block_rams`` says how many the machine's memories have, by the names of `PATTERNS`.

    Each matrix row lies along one row of block RAM, and the same columns of all of them one above
    the other: so the tables of three codes, which all rows have, are written over short ways, and
    the sums of a row add up from both sides towards the middle, where the other memories are. Does
    nothing on other parts than the 85F, or where the weights do not lie on the chip or do not fit
    so. Raises `CheckError` when the netlist has another number of them by their names: a floor
    plan that misses a memory costs the clock, and nobody is told.
    """
    if _PART not in device or not rows or not block_rams.get("weights"):
        return
    _check_names(netlist, block_rams)
    _place_weights(netlist, rows)
    taken = {netlist.place(name) for name in netlist.of_type("DP16KD")}
    if taken == {None}:
        return
    free = {row: [column for column in _COLUMNS if (row, column) not in taken] for row in _ROWS}
    rest = []
    for row, memories in _MIDDLE.items():
        for name in _found(netlist, memories):
            if free[row]:
                _fix(netlist, name, row, free[row].pop(0))
            else:
                rest.append(name)
    inner_first = dict.fromkeys((*_MIDDLE, *_ROWS))
    sites = [(row, column) for row in inner_first for column in free[row]]
    rest += _found(netlist, _REST)
    for name, (row, column) in zip(rest, sites, strict=False):
        _fix(netlist, name, row, column)


def _check_names(netlist: Netlist, block_rams: Mapping[str, int]) -> None:
    names = netlist.of_type("DP16KD")
    for memory, pattern in PATTERNS.items():
        found, wanted = sum(bool(pattern.search(name)) for name in names), block_rams[memory]
        if found != wanted:
            raise CheckError(
                f"floor plan: {found} block RAMs of the netlist are called like those of "
                f"{memory}, {pattern.pattern}; the machine has {wanted}: mend the pattern in "
                f"{Path(__file__).name}, or `block_rams` in block_ram.py")


def _found(netlist: Netlist, memories: Sequence[str]) -> list[str]:
    """Block RAMs by memory; both copies of a lane of the vector memory side by side."""
    names = netlist.of_type("DP16KD")
    ordered: list[str] = []
    for memory in memories:
        found = {name: match for name in names if (match := PATTERNS[memory].search(name))}
        ordered += sorted(found, key=lambda name, found=found: (
            int(found[name].groupdict().get("lane") or 0), natural(name)))
    return ordered


def _place_weights(netlist: Netlist, rows: int) -> None:
    memories = _found(netlist, ("weights",))
    if len(memories) % rows:
        return
    length = len(memories) // rows
    shares = _shared_out(rows, len(_COLUMNS) // length)
    if sum(shares) < rows:
        return
    first = 0
    for row, count in zip(_ROWS, shares, strict=True):
        members = [memories[matrix_row * length + place]
                   for place in range(length) for matrix_row in range(first, first + count)]
        first += count
        for name, column in zip(members, _outer_columns(len(members)), strict=True):
            _fix(netlist, name, row, column)


def _fix(netlist: Netlist, name: str, row: int, column: int) -> None:
    netlist.fix(name, column, row, f"EBR{_COLUMNS.index(column) % 4}")


def _shared_out(rows: int, most: int) -> list[int]:
    """``rows`` one by one to where the least of the share is used up, at most ``most`` to each."""
    counts = [0] * len(_SHARES)
    for _ in range(rows):
        free = [index for index, count in enumerate(counts) if count < most]
        if not free:
            break
        counts[min(free, key=lambda index: (counts[index] + 1) / _SHARES[index])] += 1
    return counts


def _outer_columns(count: int) -> Sequence[int]:
    """That many columns, none of them in the middle."""
    left = count // 2
    return (*_COLUMNS[:left], *_COLUMNS[len(_COLUMNS) - (count - left):])

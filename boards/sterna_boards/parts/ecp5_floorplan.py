"""Where the block RAMs and multipliers of a large design lie on an ECP5 part.

Left to itself, the placer legalises two hundred block RAMs at the end of every iteration to
wherever one is free, which undoes what it has found for everything else. With the weights where
they are used, and all that a vector lane works with side by side, the wires are spread over the
die: sixteen vector lanes in its middle need more of them than there are.
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
    "states of texts": r"generation\.slots\.storage\.",
    "program of texts": r"generation\.processor\.storage\.",
}.items()}
"""What the block RAMs of a memory are called in a netlist."""
MULTIPLIER = re.compile(r"\bvector\.(?:lane_|squares[$\d]*\.square_)(?P<lane>\d+)[._]")
"""What the multipliers of a vector lane are called: that of its product and that of its square."""
_OF_LANES = ("tables", "vectors and state", "constants")
"""Memories of whose words each vector lane has its part."""
_COPIES = {"vectors and state": 2}
_CHAIN = "states of texts"
"""Its block RAMs are one behind the other: far from each other they held the clock at 69 MHz."""
_REST = (_CHAIN, "program of texts", "scalar tables", "program")
"""These take the sites that are left, those in the middle first."""
_PART = "85F"
_GROUPS = (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
"""Tile columns from which four block RAMs lie in a row of them, or four multipliers."""
_ROWS = (22, 46, 70, 82)
"""Tile rows of block RAM of an 85F, from the top."""
_COLUMNS = tuple(column + 2 * place for column in _GROUPS for place in range(4))
"""Tile columns of the block RAMs in each of these rows."""
_CENTRE = (_COLUMNS[0] + _COLUMNS[-1]) / 2
_SHARES = (5, 3, 3, 5)
"""How the rows of the engine are shared out: the middle of the die is kept for what works on their
results."""
_HALVES = {46: 34, 70: 58}
"""Rows of block RAM in the middle, for the first half of the vector lanes and for the other, with
the rows of the multipliers that go with them."""
_MULTIPLIERS = {column + place: f"MULT18_{place}" for column in _GROUPS for place in (0, 1, 4, 5)}
"""Sites of the multipliers in each of their rows by tile column."""


def place_memories(netlist: Netlist, device: str, rows: int,
                   block_rams: Mapping[str, int]) -> None:
    """Give the block RAMs of an engine of ``rows`` matrix rows and of what is around it places,
    and the multipliers of its vector lanes.

    ``block_rams`` says how many the machine's memories have, by the names of `PATTERNS`.

    Each matrix row lies along one row of block RAM, and the same columns of all of them one above
    the other: so the tables of three codes, which all rows have, are written over short ways, and
    the sums of a row add up from both sides towards the middle. There lie the vector lanes, half of
    them at each of two rows, with the memories and multipliers of a lane side by side; the codes
    are on both sides of them, towards the tables that are made of them. Does nothing on other parts
    than the 85F, or where the weights do not lie on the chip or do not fit so. Raises `CheckError`
    when the netlist has another number of them by their names, or no such multiplier: a floor plan
    that misses a memory costs the clock, and nobody is told.
    """
    if _PART not in device or not rows or not block_rams.get("weights"):
        return
    _check_names(netlist, block_rams)
    _place_weights(netlist, rows)
    taken = {netlist.place(name) for name in netlist.of_type("DP16KD")}
    if taken == {None}:
        return
    free = {row: [column for column in _COLUMNS if (row, column) not in taken] for row in _ROWS}
    codes = _found(netlist, "codes")
    codes_left, codes_right = codes[:len(codes) // 2], codes[len(codes) // 2:]
    lanes = _by_lane(netlist)
    quarters = [[name for name, part in lanes if quarter < 4 * part <= quarter + 1]
                for quarter in range(4)]
    rest = []
    for half, row in enumerate(_HALVES):
        left = [*codes_left[half::2], *quarters[2 * half]]
        right = [*quarters[2 * half + 1], *codes_right[half::2]]
        columns = free[row]
        spare = slice(len(left), len(left) + max(0, len(columns) - len(left) - len(right)))
        free[row] = columns[spare]
        del columns[spare]
        for name, column in zip([*left, *right], columns, strict=False):
            _fix(netlist, name, row, column)
        rest += [*left, *right][len(columns):]
    _place_multipliers(netlist, lanes)
    _place_rest(netlist, rest, free, 0)
    for memory in _REST:
        names = _found(netlist, memory)
        _place_rest(netlist, names, free, len(names) if memory == _CHAIN else 0)


def _place_rest(netlist: Netlist, names: Sequence[str], free: dict[int, list[int]],
                together: int) -> None:
    """At sites that are left, those in the middle first, and rows first that have so many."""
    inner_first = dict.fromkeys((*_HALVES, *_ROWS))
    sites = [(row, column) for row in sorted(inner_first, key=lambda row: len(free[row]) < together)
             for column in sorted(free[row], key=lambda column: abs(column - _CENTRE))]
    for name, (row, column) in zip(names, sites, strict=False):
        _fix(netlist, name, row, column)
        free[row].remove(column)


def _check_names(netlist: Netlist, block_rams: Mapping[str, int]) -> None:
    names = netlist.of_type("DP16KD")
    for memory, pattern in PATTERNS.items():
        found = sum(bool(pattern.search(name)) for name in names)
        wanted = block_rams.get(memory, 0)
        if found != wanted:
            raise CheckError(
                f"floor plan: {found} block RAMs of the netlist are called like those of "
                f"{memory}, {pattern.pattern}; the machine has {wanted}: mend the pattern in "
                f"{Path(__file__).name}, or `block_rams` in block_ram.py")


def _found(netlist: Netlist, memory: str) -> list[str]:
    """Block RAMs of a memory; both copies of a lane of the vector memory side by side."""
    found = {name: match for name in netlist.of_type("DP16KD")
             if (match := PATTERNS[memory].search(name))}
    return sorted(found, key=lambda name: (
        int(found[name].groupdict().get("lane") or 0), natural(name)))


def _by_lane(netlist: Netlist) -> list[tuple[str, float]]:
    """Block RAMs of the vector lanes in order, with the part of all lanes up to their middle."""
    found = []
    for memory in _OF_LANES:
        names, copies = _found(netlist, memory), _COPIES.get(memory, 1)
        found += [(name, (index // copies + 0.5) * copies / len(names))
                  for index, name in enumerate(names)]
    return sorted(found, key=lambda item: item[1])


def _place_multipliers(netlist: Netlist, lanes: Sequence[tuple[str, float]]) -> None:
    """The multipliers of each lane at the nearest sites to one of its block RAMs."""
    names = netlist.of_type("MULT18X18D")
    found = {name: int(match["lane"]) for name in names if (match := MULTIPLIER.search(name))}
    placed = [(part, place) for name, part in lanes if (place := netlist.place(name))]
    if not names or not placed:
        return
    if not found:
        raise CheckError(
            f"floor plan: no multiplier of the netlist is called like those of the vector lanes, "
            f"{MULTIPLIER.pattern}: mend the pattern in {Path(__file__).name}")
    count = max(found.values()) + 1
    free = {row: list(_MULTIPLIERS) for row in _HALVES.values()}
    for name, lane in sorted(found.items(), key=lambda item: (item[1], item[0])):
        middle = (lane + 0.5) / count
        _, (row, column) = min(placed, key=lambda item: abs(item[0] - middle))
        sites = free.get(_HALVES.get(row, 0))
        if sites:
            site = min(sites, key=lambda site: abs(site - column))
            sites.remove(site)
            netlist.fix(name, site, _HALVES[row], _MULTIPLIERS[site])
    # That of the scalars draws their unit into the strip between both halves, where there is room.
    row = max(free)
    for name in names:
        if name not in found and free[row]:
            site = min(free[row], key=lambda site: abs(site - _CENTRE))
            free[row].remove(site)
            netlist.fix(name, site, row, _MULTIPLIERS[site])


def _place_weights(netlist: Netlist, rows: int) -> None:
    memories = _found(netlist, "weights")
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

"""How the words of a memory that LOAD writes lie in memories side by side."""

from __future__ import annotations

from itertools import pairwise

from sterna.machine.protocol import CHUNK_BITS

_WIDTHS = {"ecp5": 36, "xc7": 36, "xcup": 36}
"""Of a block RAM in its widest mode, by family; elsewhere a bank is a chunk of LOAD."""
_SHALLOW = 32
"""Words that lie in look-up tables."""


def bank_bits(depth: int, family: str | None) -> int:
    """The widest bank of so many words on chips of a family."""
    return _WIDTHS.get(family or "", CHUNK_BITS) if depth > _SHALLOW else CHUNK_BITS


def bank_edges(width: int, depth: int, family: str | None = None,
               parts: int = 1) -> list[tuple[int, int]]:
    """First bit of each bank of a word, and the one behind its last.

    No bank has bits of more than two chunks of LOAD. Those of ``parts`` equal parts of a word lie
    in banks of their own, unless that takes more of them than chunks would.
    """
    widest = bank_bits(depth, family)
    length = width // parts
    if widest == CHUNK_BITS or length * parts != width or (
            parts * -(-length // widest) > -(-width // CHUNK_BITS)):
        length = width
    edges = [0]
    while edges[-1] < width:
        start = edges[-1]
        stop = min(start + widest, start - start % length + length)
        # Of three chunks only the whole ones.
        if (stop - 1) // CHUNK_BITS - start // CHUNK_BITS > 1:
            stop -= stop % CHUNK_BITS
        edges.append(stop)
    return [*pairwise(edges)]

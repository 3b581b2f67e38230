"""How a memory of an accelerator is mapped on a family of chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sterna.machine.banks import bank_edges
from sterna.machine.protocol import CHUNK_BITS, word_bits, word_depth

from sterna_boards.parts.block_ram import (
    LARGE_RAM_BITS,
    LARGE_RAM_DEPTH,
    LUT_RAM_CELLS,
    SINGLE_PORT_BITS,
    SINGLE_PORT_DEPTH,
    block_rams,
)


@dataclass(frozen=True)
class OnChipMemory:
    """A memory of an accelerator.

    ``used`` words of ``depth`` hold something; ``bits`` is the width of a word; ``copies`` hold the
    same, one for each read port. ``block_rams`` counts all copies; with ``single_port_rams`` or
    ``large_rams`` it is 0, as for memories of look-up tables. ``unit`` is whose it is.
    """

    name: str
    used: int
    depth: int
    bits: int
    copies: int
    block_rams: int
    single_port_rams: int = 0
    large_rams: int = 0
    unit: str = ""


def chunks(width: int) -> list[int]:
    """The widths in which a word is kept that is written in parts of a chunk."""
    return [min(CHUNK_BITS, width - start) for start in range(0, width, CHUNK_BITS)]


@dataclass(frozen=True)
class Mapper:
    """Maps memories of a machine on a family; ``used`` says by name how many words are.

    ``large_rams``: whether the part has RAMs of 288 kbit.
    """

    family: str
    machine: Any
    used: Mapping[str, int]
    large_rams: bool = False

    def memory(self, name: str, depth: int, widths: Sequence[int], copies: int = 1,
               always: bool = False) -> OnChipMemory:
        """Words of parts of these widths; ``always`` in block RAM where it has not to be."""
        total = copies * sum(block_rams(self.family, width, depth, always) for width in widths)
        return OnChipMemory(name, self.used.get(name, depth), depth, sum(widths), copies, total)

    def in_single_port_rams(self, name: str, depth: int, widths: Sequence[int],
                            copies: int = 1) -> OnChipMemory:
        """The same where the family has them."""
        rams = copies * sum(-(-width // SINGLE_PORT_BITS) for width in widths)
        return OnChipMemory(name, self.used.get(name, depth), depth, sum(widths), copies, 0, rams)

    def in_large_rams(self, name: str, depth: int, widths: Sequence[int],
                      copies: int = 1) -> OnChipMemory:
        """The same where the part has them."""
        rams = copies * sum(-(-width // LARGE_RAM_BITS) for width in widths)
        return OnChipMemory(name, self.used.get(name, depth), depth, sum(widths), copies, 0,
                            large_rams=rams * -(-depth // LARGE_RAM_DEPTH))

    def shallow(self, name: str, depth: int, bits: int) -> OnChipMemory:
        """In block RAM, but where it is wide and of few words: synthesis prefers look-up tables."""
        depth = max(2, depth)
        rams = block_rams(self.family, bits, depth, always=True)
        cells = -(-bits // 4) * -(-depth // 16)
        if cells <= LUT_RAM_CELLS.get(self.family, 0) * rams:
            rams = 0
        return OnChipMemory(name, self.used.get(name, depth), depth, bits, 1, rams)

    def loadable(self, name: str, space: str, large: bool = False,
                 parts: int = 1) -> OnChipMemory:
        """What LOAD writes; a large one is in single-port RAMs where it can be."""
        depth = word_depth(self.machine, space)
        widths = [stop - start for start, stop in bank_edges(
            word_bits(self.machine, space), depth, self.family, parts)]
        if large and self.family == "ice40" and depth <= SINGLE_PORT_DEPTH:
            return self.in_single_port_rams(name, depth, widths)
        return self.memory(name, depth, widths)

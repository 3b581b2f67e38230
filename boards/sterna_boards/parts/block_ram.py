"""Modes of block RAM by family, and how many a memory takes."""

from __future__ import annotations

_GOWIN = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
_MODES = {
    "ecp5": _GOWIN,
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
    "gw1n": _GOWIN,
    "gw2a": _GOWIN,
    "xc7": _GOWIN,
    "xcup": _GOWIN,
    "stratix10": ((40, 512), (20, 1024), (10, 2048)),
}
"""Bits and words of a block RAM with one write and one read port; of Xilinx parts those of half."""
_MAPPED = {"ecp5": (9, 128), "ice40": (1, 64), "gw1n": (9, 128), "gw2a": (9, 128)}
"""Families whose block RAMs yosys maps: bits of a word that are written together, and its cost of
a RAM (``byte`` and ``cost`` of its brams.txt)."""
_MULTIPLEXER = 0.5
"""Its cost of a bit that is chosen among RAMs, and of the write enable of each of them."""
SCALAR_TABLES = {"ecp5": 2, "ice40": 5, "gw1n": 2, "gw2a": 2, "xc7": 2, "xcup": 2, "stratix10": 2}
"""Block RAMs of the scalar unit's tables, whose words are of one width on all machines."""
SINGLE_PORT_BITS, SINGLE_PORT_DEPTH = 16, 1 << 14
LARGE_RAM_BITS, LARGE_RAM_DEPTH = 72, 4096
"""Bits and words of a RAM of 288 kbit (UltraRAM of UltraScale+)."""
LUT_RAM_CELLS = {"ecp5": 16, "ice40": 0, "gw1n": 24, "gw2a": 24, "xc7": 64, "xcup": 64,
                 "stratix10": 16}
"""Most cells of 16 by 4 bits that synthesis prefers to a block RAM."""


def block_rams(family: str, width: int, depth: int, always: bool = False) -> int:
    """Block RAMs of a memory as synthesis maps it: all of one mode.

    Of the mode that costs least for yosys, RAMs and what chooses among them, where the bits of all
    parts of the depth lie side by side (its `memory_libmap`); else of that which takes the fewest.
    Small memories become look-up tables, unless the design asks for block RAM (``always``).
    """
    if not always and -(-width // 4) * -(-depth // 16) <= LUT_RAM_CELLS[family]:
        return 0
    if family in _MAPPED:
        return min(_mapped(width, depth, bits, words, *_MAPPED[family])
                   for bits, words in _MODES[family])[1]
    return min(-(-width // bits) * -(-depth // words) for bits, words in _MODES[family])


def _mapped(width: int, depth: int, bits: int, words: int, byte: int,
            cost: int) -> tuple[float, int]:
    """What a memory costs in RAMs of one mode, and their number."""
    parts = -(-depth // words)
    taken = -(-width // byte) * byte if bits >= byte else width
    rams = -(-parts * taken // bits)
    chosen = (parts - 1) * width + (parts if parts > 1 else 0)
    return cost * rams + _MULTIPLEXER * chosen, rams

"""What a trace port shows of a step."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.machine.strips import Strips


@dataclass(frozen=True)
class Emission:
    """Entries that a trace port shows one after another: ``entries`` of a value from ``first`` on.

    ``operations`` are those of the values that lie side by side in an entry, element by element
    (`ValueKey`); there are none where the program knows nothing of it. ``elements`` is the length
    of a whole value, ``codes`` says that it is clamped to codes.
    """

    port: str
    item: int
    operations: tuple[int, ...]
    first: int
    entries: int
    elements: int
    codes: bool = False
    strips: Strips | None = None
    """Heads, rows and columns of a value that comes strip by strip, see `sterna.machine.strips`."""
    owner: str = ""
    """What to name beside the port in errors, where it is that of several."""

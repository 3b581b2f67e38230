"""The objects of a program and where they lie, as rows of a table."""

from __future__ import annotations

from sterna.compiler.placement import PlacedObject


def placed_rows(objects: list[PlacedObject]) -> list[str | tuple[str, object]]:
    """A row for every object: its size, where it lies, why."""
    return [(f"  {entry.name}", f"{_size(entry.bits)}, {entry.place}: {entry.why}")
            for entry in objects]


def _size(bits: int) -> str:
    return f"{bits / 1e6:.1f} Mbit" if bits >= 1e5 else f"{bits / 1e3:.1f} kbit"

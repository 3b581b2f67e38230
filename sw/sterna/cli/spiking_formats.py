"""The formats in which `sterna import` stores a spiking network, as its options give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.families.spiking.quantise import SpikingFormats

MOST_PLANES, MOST_FRACTION = 8, 24


def spiking_formats(
    planes: int | None, fraction: int | None, input_fraction: int | None
) -> SpikingFormats:
    """The formats, usual ones for None; raises `InputError` for one that is out of range."""
    from sterna.families.spiking import codes
    from sterna.families.spiking.quantise import SpikingFormats

    given = {name: value for name, value in (
        ("planes", planes), ("fraction", fraction), ("input_fraction", input_fraction),
    ) if value is not None}
    ranges = {
        "planes": (1, MOST_PLANES), "fraction": (0, MOST_FRACTION),
        "input_fraction": (codes.LEAST_FRACTION, codes.MOST_FRACTION),
    }
    for name, value in given.items():
        low, high = ranges[name]
        if not low <= value <= high:
            raise InputError(f"{name} is {value}; it must be {low} to {high}")
    return SpikingFormats(**given)

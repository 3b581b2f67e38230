"""The formats in which `sterna import` stores a spiking network, as its options give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.models.spiking_quantise import SpikingFormats

MOST_PLANES, MOST_FRACTION = 8, 24


def spiking_formats(planes: int, fraction: int, input_fraction: int) -> SpikingFormats:
    """The formats; raises `InputError` for one that is out of range."""
    from sterna.models import spiking_codes
    from sterna.models.spiking_quantise import SpikingFormats

    for name, value, low, high in (
        ("planes", planes, 1, MOST_PLANES), ("fraction", fraction, 0, MOST_FRACTION),
        ("input_fraction", input_fraction, spiking_codes.LEAST_FRACTION,
         spiking_codes.MOST_FRACTION),
    ):
        if not low <= value <= high:
            raise InputError(f"{name} is {value}; it must be {low} to {high}")
    return SpikingFormats(planes=planes, fraction=fraction, input_fraction=input_fraction)

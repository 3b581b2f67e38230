"""The formats in which a spiking network is stored, as the options of `import` give them."""

from __future__ import annotations

from sterna.errors import InputError
from sterna.families.spiking import codes
from sterna.families.spiking.options import Formats
from sterna.families.spiking.quantise import MOST_FRACTION, SpikingFormats
from sterna.options import Options

MOST_PLANES = 8


def spiking_formats(options: Options) -> SpikingFormats:
    """The formats, usual ones for None; raises `InputError` for one that is out of range."""
    wanted = options.take(Formats)
    ranges = {
        "planes": (wanted.planes, 1, MOST_PLANES),
        "fraction": (wanted.fraction, 0, MOST_FRACTION),
        "input_fraction": (wanted.input_fraction, codes.LEAST_FRACTION, codes.MOST_FRACTION),
    }
    for name, (value, low, high) in ranges.items():
        if value is not None and not low <= value <= high:
            raise InputError(f"{name} is {value}; it must be {low} to {high}")
    return SpikingFormats(**{name: value for name, (value, *_) in ranges.items()
                             if value is not None})

"""The formats in which a spiking network is stored, as the options of `import` give them."""

from __future__ import annotations

from sterna.families.spiking.options import Formats
from sterna.families.spiking.quantise import SpikingFormats
from sterna.options import Options, declared


def spiking_formats(options: Options) -> SpikingFormats:
    """The formats, usual ones for None."""
    wanted = options.take(Formats)
    given = {item.name: getattr(wanted, item.name) for item in declared(Formats)}
    return SpikingFormats(**{name: value for name, value in given.items() if value is not None})

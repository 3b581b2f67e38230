"""The formats in which a spiking network is stored, as the options of `import` give them."""

from __future__ import annotations

from sterna.families.spiking.network import RealNetwork
from sterna.families.spiking.options import Formats
from sterna.families.spiking.precision import choose_planes
from sterna.families.spiking.quantise import SpikingFormats
from sterna.options import Options
from sterna.progress import Report

NAMES = ("planes", "fraction", "input_fraction")


def check_formats(options: Options) -> None:
    """Raise `InputError` for options that do not go together, before anything is read."""
    _ = options.take(Formats).auto


def formats_of(real: RealNetwork, options: Options, report: Report
               ) -> tuple[SpikingFormats, list[str]]:
    """The formats, usual ones for None, chosen ones for auto, and what is to be told of these."""
    wanted = options.take(Formats)
    auto = wanted.auto
    given = {name: getattr(wanted, name) for name in NAMES if not (auto and name == "planes")}
    formats = SpikingFormats(**{name: value for name, value in given.items() if value is not None})
    if not auto:
        return formats, []
    return choose_planes(real, formats, wanted.calibrate, wanted.planes_target, report)

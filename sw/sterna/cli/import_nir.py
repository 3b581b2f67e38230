"""What `sterna import` does with a NIR graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from sterna.cli.spiking import difference_line, reading_lines
from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.importers.nir_options import NirChoices

REPORT_STEPS, REPORT_BATCH, REPORT_RATE = 100, 4, 0.2
MOST_PLANES, MOST_FRACTION = 8, 24


@dataclass(frozen=True)
class NirArguments:
    """The options of the command."""

    choices: NirChoices
    planes: int
    fraction: int
    input_fraction: int


def import_nir(source: Path, output: Path, arguments: NirArguments) -> None:
    """Write the model folder; tell what was chosen, and which spikes the integers change."""
    from sterna.importers.nir import read_nir
    from sterna.models.spiking_codes import LEAST_FRACTION, random_inputs
    from sterna.models.spiking_codes import MOST_FRACTION as MOST_FRACTION_OF_INPUTS
    from sterna.models.spiking_quantise import SpikingFormats, compare, quantise
    from sterna.models.spiking_store import save_network

    for name, low, high in (
        ("planes", 1, MOST_PLANES), ("fraction", 0, MOST_FRACTION),
        ("input_fraction", LEAST_FRACTION, MOST_FRACTION_OF_INPUTS),
    ):
        if not low <= getattr(arguments, name) <= high:
            raise InputError(
                f"{name} is {getattr(arguments, name)}; it must be {low} to {high}"
            )
    if not source.is_file():
        raise InputError(f"{source}: file not found")
    real, reading = read_nir(source, arguments.choices)
    network = quantise(real, SpikingFormats(
        planes=arguments.planes, fraction=arguments.fraction,
        input_fraction=arguments.input_fraction,
    ))
    save_network(network, output)
    command = f"sterna import {quote(str(source))} -o {quote(str(output))}"
    for line in reading_lines(reading, command):
        print(f"{output}: {line}")
    frames = random_inputs(network, REPORT_STEPS, REPORT_BATCH, REPORT_RATE, 0)
    for item in compare(real, network, frames):
        text = difference_line(item.spikes, item.differ, item.values)
        print(f"{output}: {item.population}: {text}, on random spikes, from the "
              "float network so read")
    print(f"{output}: imported; try: sterna run {output}")
